use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::Refusal;

/// Where this session's events come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSubscription {
    /// The stream's URL on this portal, for an `EventSource`.
    pub url: String,
    /// Every event type the session may subscribe to, sorted.
    pub types: Vec<String>,
}

/// Names the stream and the event types of this session.
#[server(name = SubscribeEvents, prefix = "/api/fn", endpoint = "subscribe_events", input = Json, output = Json)]
pub async fn subscribe_events() -> Result<EventSubscription, Refusal> {
    crate::portal_api::current()?.subscribe_events().await
}
