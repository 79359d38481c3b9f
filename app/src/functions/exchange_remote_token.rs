use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::Refusal;

/// An access token for one remote in token mode: its own audience, nothing else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteToken {
    /// The token, short-lived.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// RFC 3339.
    pub expires_at: String,
    /// The one audience it is for.
    pub audience: String,
    /// Space-separated scopes, as granted.
    pub scope: String,
}

impl std::fmt::Debug for RemoteToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RemoteToken(redacted)")
    }
}

/// Exchanges the session's token for one of the remote's audience (RFC 8693). Only for remotes in token mode.
#[server(name = ExchangeRemoteToken, prefix = "/api/fn", endpoint = "exchange_remote_token", input = Json, output = Json)]
pub async fn exchange_remote_token(
    /// The remote's id, `scope.name`.
    remote: String,
) -> Result<RemoteToken, Refusal> {
    crate::portal_api::current()?.exchange_remote_token(&remote).await
}
