use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::claims::PersonClaims;
use crate::idp::DevIdp;
use crate::scope::Scope;

/// Who an access token is about (OpenID Connect Core 1.0, section 5.3).
pub(super) async fn userinfo(State(idp): State<Arc<DevIdp>>, headers: HeaderMap) -> Response {
    let Some(token) = bearer(&headers) else {
        return challenge(StatusCode::UNAUTHORIZED, "Bearer realm=\"portico-dev-idp\"");
    };
    let verified = idp.verify_access_token(token).filter(|(claims, _)| claims.aud == idp.issuer);
    let Some((claims, (_, grant))) = verified else {
        return challenge(StatusCode::UNAUTHORIZED, "Bearer error=\"invalid_token\"");
    };
    let scope = Scope::parse(&claims.scope);
    if !scope.contains("openid") {
        return challenge(StatusCode::FORBIDDEN, "Bearer error=\"insufficient_scope\", scope=\"openid\"");
    }
    match idp.account(&grant.sub) {
        Some(account) => Json(PersonClaims::new(&account, &idp.config.organizations, &grant.org_id, &scope))
            .into_response(),
        None => challenge(StatusCode::UNAUTHORIZED, "Bearer error=\"invalid_token\""),
    }
}

/// The token in the `Authorization` header (RFC 6750, section 2.1), the only place it is read from.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn challenge(status: StatusCode, value: &'static str) -> Response {
    let headers: [(HeaderName, &str); 1] = [(header::WWW_AUTHENTICATE, value)];
    (status, headers).into_response()
}
