use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use portico_contracts::Session;

use super::Refusal;

/// The session as the browser may know it. Refused with 401 when there is none.
#[server(name = CurrentSession, prefix = "/api/fn", endpoint = "session", input = Json, output = Json)]
pub async fn session() -> Result<Session, Refusal> {
    crate::portal_api::current()?.session().await
}
