use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::Refusal;

/// How to finish a switch of organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Switched {
    /// Where to navigate (a full navigation): the page itself, or the provider when it must issue new tokens.
    pub location: String,
}

/// Switches the session to another of the person's organizations, with a new session id.
#[server(name = SwitchOrganization, prefix = "/api/fn", endpoint = "switch_organization", input = Json, output = Json)]
pub async fn switch_organization(
    /// The organization's id.
    organization: String,
    /// Where to come back to: a path of this portal.
    return_to: String,
) -> Result<Switched, Refusal> {
    crate::portal_api::current()?.switch_organization(&organization, &return_to).await
}
