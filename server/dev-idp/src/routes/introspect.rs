use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::client_auth::authenticate;
use super::token::{TokenError, form};
use crate::idp::DevIdp;

/// Says whether a client's own token still holds (RFC 7662).
pub(super) async fn introspect(
    State(idp): State<Arc<DevIdp>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, TokenError> {
    let params = form(&headers, &body)?;
    let client = authenticate(&idp, &headers, &params)?;
    let token = params.one("token")?.ok_or(TokenError::InvalidRequest("token is missing"))?;
    let found = access_token(&idp, token).or_else(|| refresh_token(&idp, token));
    // What belongs to another client is told apart from what never existed by nobody.
    let own = found.filter(|claims| claims["client_id"] == client.client_id.as_str());
    Ok(Json(own.unwrap_or_else(|| json!({ "active": false }))))
}

fn access_token(idp: &DevIdp, token: &str) -> Option<Value> {
    let (claims, _) = idp.verify_access_token(token)?;
    let mut answer = serde_json::to_value(claims).ok()?;
    answer["active"] = json!(true);
    answer["token_type"] = json!("Bearer");
    Some(answer)
}

fn refresh_token(idp: &DevIdp, token: &str) -> Option<Value> {
    let store = idp.store.lock();
    let (_, grant) = store.grants.of_refresh_token(idp.now(), token)?;
    Some(json!({
        "active": true,
        "iss": idp.issuer,
        "sub": grant.sub,
        "client_id": grant.client_id,
        "scope": grant.scope.to_string(),
        "exp": grant.expires_at.unix_timestamp(),
        "sid": grant.sid,
        "org_id": grant.org_id,
    }))
}
