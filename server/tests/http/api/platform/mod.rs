//! `/api/platform/*`

mod applications;
mod decisions;
mod invitations;
mod members;
mod organization;
mod remote_token;
mod reports;
mod rum;
mod session;
mod sessions;

pub use reports::broken_json;
