use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use portico_dev_idp::{IssuedToken, TokenKind};
use serde::Serialize;

use crate::state::AppState;

/// A token that the development IdP handed out.
#[derive(Debug, Serialize)]
pub struct Issued {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
    value: String,
}

/// `GET /dev/issued-tokens`, on the admin listener alone and only for loopback: what a test looks for where no token
/// may be. Routed only where the development IdP is in use.
pub async fn issued(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Result<Json<Vec<Issued>>, StatusCode> {
    // The admin listener may be bound to more than loopback, for metrics; the tokens may not be read from there.
    let idp = state
        .dev_idp
        .as_ref()
        .filter(|_| peer.ip().to_canonical().is_loopback())
        .ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(idp.issued_tokens().into_iter().map(Issued::from).collect()))
}

impl From<IssuedToken> for Issued {
    fn from(token: IssuedToken) -> Self {
        let (kind, audience) = match token.kind {
            TokenKind::Id => ("id", None),
            TokenKind::Access => ("access", None),
            TokenKind::Exchanged { audience } => ("exchanged", Some(audience)),
            TokenKind::Own { audience } => ("own", Some(audience)),
            TokenKind::Refresh => ("refresh", None),
            TokenKind::Logout => ("logout", None),
        };
        Self { kind, audience, value: token.value }
    }
}
