use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use portico_contracts::Application;

use super::Refusal;

/// The remotes this session may load, resolved to versions.
#[server(name = Applications, prefix = "/api/fn", endpoint = "applications", input = Json, output = Json)]
pub async fn applications() -> Result<Vec<Application>, Refusal> {
    crate::portal_api::current()?.applications().await
}
