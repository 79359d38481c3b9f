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
    /// Publishes, and waits for Kafka's acknowledgement. `data` is JSON text; an event that is sent again has the same `id`.
    async fn publish_event(
        &self,
        source: &str,
        kind: &str,
        data: String,
        id: Option<String>,
    ) -> Result<Published, Refusal>;
    /// The stream's URL and types.
    async fn subscribe_events(&self) -> Result<EventSubscription, Refusal>;
    /// Switches organization.
    async fn switch_organization(&self, organization: &str, return_to: &str) -> Result<Switched, Refusal>;
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
