//! What the plain routes and the server functions both call.

mod audit_delivery;
mod backends;
mod catalogue;
mod entitlements;
mod open_calls;
mod recent_decisions;
mod renewal;
mod session_api;
mod session_tokens;
mod session_view;
mod subject_token;

pub mod authorise;
pub mod events;
pub mod invitations;
pub mod measurements;
pub mod members;
pub mod membership;
pub mod organization;
pub mod policy;
pub mod readiness;
pub mod remote_token;
pub mod revocation;
pub mod told;

pub use audit_delivery::KafkaDelivery;
pub use backends::Backends;
pub use catalogue::{Applications, Catalogue, navigate, question};
pub use entitlements::EntitlementService;
pub use open_calls::{Lasting, OpenCalls};
pub use recent_decisions::{RecentDecision, RecentDecisions};
pub use renewal::renew;
pub use session_api::SessionApi;
pub use session_tokens::SessionTokens;
pub use session_view::session_view;
pub use subject_token::{SubjectTokenError, refresh_listeners, subject_token};
