//! `/api/platform/*`

mod applications;
mod organization;
mod remote_token;
mod reports;
mod rum;
mod session;

pub use reports::broken_json;
