//! What every request passes, in the order of [`crate::app::App`].

pub mod access;
pub mod body_limit;
pub mod content_type;
pub mod context;
pub mod csp;
pub mod device;
pub mod extended_connect;
pub mod input;
pub mod lasting_body;
pub mod origin;
pub mod paced_body;
pub mod problem;
pub mod rate_limit;
pub mod request_limits;
pub mod security_headers;
pub mod session;

pub use context::{RequestContext, without_secrets};
pub use problem::ApiError;
pub use session::{Authenticated, MaybeSession};
