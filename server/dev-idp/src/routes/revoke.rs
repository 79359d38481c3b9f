use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::client_auth::authenticate;
use super::token::{TokenError, form};
use crate::idp::DevIdp;

/// Revokes a client's own token (RFC 7009). A refresh token takes its whole family along.
pub(super) async fn revoke(
    State(idp): State<Arc<DevIdp>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, TokenError> {
    let params = form(&headers, &body)?;
    let client = authenticate(&idp, &headers, &params)?;
    let token = params.one("token")?.ok_or(TokenError::InvalidRequest("token is missing"))?;

    if let Some((claims, _)) = idp.verify_access_token(token) {
        if claims.client_id == client.client_id {
            idp.store.lock().grants.forget_access_token(&claims.jti);
        }
    } else {
        let mut store = idp.store.lock();
        let family = store.grants.of_refresh_token(idp.now(), token);
        let own = family.filter(|(_, grant)| grant.client_id == client.client_id).map(|(id, _)| id.clone());
        if let Some(grant_id) = own {
            store.grants.revoke(&grant_id);
        }
    }
    // Unknown tokens are a success too: there is nothing left to revoke (section 2.2).
    Ok(StatusCode::OK)
}
