//! Server functions: the shell's and the bridge's way into the server, one file per action.
//!
//! Each is a public API at `POST /api/fn/<name>` with a JSON body, authorised inside, delegating to the [`PortalApi`]
//! port that the plain routes call too. The browser calls them by hand, at [`crate::endpoints`]. Errors are the same problems (RFC 9457), with the same status codes.
//!
//! [`PortalApi`]: crate::portal_api::PortalApi

/// What the session may load.
pub mod applications;
/// Token mode.
pub mod exchange_remote_token;
/// Events out.
pub mod publish_event;
/// Errors.
pub mod refusal;
/// Who is signed in.
pub mod session;
/// Events in.
pub mod subscribe_events;
/// Another organization.
pub mod switch_organization;

pub use applications::{Applications, applications};
pub use exchange_remote_token::{ExchangeRemoteToken, RemoteToken, exchange_remote_token};
pub use publish_event::{PublishEvent, Published, publish_event};
pub use refusal::Refusal;
pub use session::{CurrentSession, session};
pub use subscribe_events::{EventSubscription, SubscribeEvents, subscribe_events};
pub use switch_organization::{SwitchOrganization, Switched, switch_organization};
