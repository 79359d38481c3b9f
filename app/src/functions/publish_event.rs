use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::Refusal;

/// An event that Kafka has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The CloudEvent's `id`.
    pub id: String,
}

/// Publishes an event in the name of a remote. Returns once Kafka has acknowledged it.
#[server(name = PublishEvent, prefix = "/api/fn", endpoint = "publish_event", input = Json, output = Json)]
pub async fn publish_event(
    /// The remote's name, `@scope/name`.
    source: String,
    /// The CloudEvent's `type`, declared by the remote.
    kind: String,
    /// The payload as JSON text; it travels untouched.
    data: String,
    /// The CloudEvent's `id`, the same whenever this event is sent again; without it the event gets one, and cannot be sent again.
    id: Option<String>,
) -> Result<Published, Refusal> {
    let event = crate::portal_api::NewEvent { source, kind, data, id };
    crate::portal_api::current()?.publish_event(event).await
}
