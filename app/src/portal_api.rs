//! The port behind every server function: one implementation per request, bound to its session.

use std::sync::Arc;

use async_trait::async_trait;
use leptos::prelude::use_context;
use portico_contracts::{Application, Problem, Session};

use crate::functions::{EventSubscription, Published, Refusal, RemoteToken, Switched};

/// What a session may ask of the server. Every method authorises for itself; the plain routes call the same services.
#[async_trait]
pub trait PortalApi: Send + Sync {
    /// The session itself.
    async fn session(&self) -> Result<Session, Refusal>;
    /// The remotes it may load.
    async fn applications(&self) -> Result<Vec<Application>, Refusal>;
    /// A token of a token-mode remote's own audience.
    async fn exchange_remote_token(&self, remote: &str) -> Result<RemoteToken, Refusal>;
    /// Publishes, and waits for Kafka's acknowledgement.
    async fn publish_event(&self, event: NewEvent) -> Result<Published, Refusal>;
    /// The stream's URL and types.
    async fn subscribe_events(&self) -> Result<EventSubscription, Refusal>;
    /// Switches organization.
    async fn switch_organization(&self, organization: &str, return_to: &str) -> Result<Switched, Refusal>;
}

/// An event of a remote, to be published.
pub struct NewEvent {
    /// The remote's name, `@scope/name`.
    pub source: String,
    /// The CloudEvent's `type`.
    pub kind: String,
    /// The payload as JSON text.
    pub data: String,
    /// The CloudEvent's `id`, the same whenever the event is sent again.
    pub id: Option<String>,
}

/// The request's implementation, from context.
pub(crate) fn current() -> Result<Arc<dyn PortalApi>, Refusal> {
    use_context::<Arc<dyn PortalApi>>().ok_or_else(|| {
        Refusal(Box::new(Problem {
            kind: "/problems/internal".into(),
            title: "Something went wrong".into(),
            status: 500,
            detail: "Try again.".into(),
            instance: String::new(),
            trace_id: String::new(),
            errors: Vec::new(),
        }))
    })
}
