//! `/api/platform/*`.

mod applications;
mod decisions;
mod form;
mod organization;
mod remote_token;
mod reports;
mod rum;
mod session;
mod unknown;

pub mod invitations;
pub mod members;
pub mod sessions;

pub use applications::applications;
pub use decisions::decisions;
pub use organization::organization;
pub use remote_token::remote_token;
pub use reports::reports;
pub use rum::rum;
pub use session::session;
pub use unknown::unknown;
