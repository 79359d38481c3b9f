//! The token endpoint (RFC 6749, section 3.2), one file per grant.

mod authorization_code;
mod client_credentials;
mod error;
mod exchange;
mod refresh;
mod target;

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

pub(crate) use self::error::TokenError;
use super::client_auth::authenticate;
use crate::idp::DevIdp;
use crate::issue::TokenResponse;
use crate::params::Params;

pub(super) const AUTHORIZATION_CODE: &str = "authorization_code";
pub(super) const CLIENT_CREDENTIALS: &str = "client_credentials";
pub(super) const REFRESH_TOKEN: &str = "refresh_token";
pub(super) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// Hands out tokens for a code, a refresh token, a subject token, or to the client itself.
pub(super) async fn token(State(idp): State<Arc<DevIdp>>, headers: HeaderMap, body: Bytes) -> Response {
    match answer(&idp, &headers, &body) {
        Ok(tokens) => ([(header::PRAGMA, "no-cache")], Json(tokens)).into_response(),
        Err(error) => {
            tracing::info!(oauth.error = error.code(), reason = %error, "token request refused");
            error.into_response()
        }
    }
}

fn answer(idp: &DevIdp, headers: &HeaderMap, body: &Bytes) -> Result<TokenResponse, TokenError> {
    let params = form(headers, body)?;
    let client = authenticate(idp, headers, &params)?;
    match params.one("grant_type")? {
        Some(AUTHORIZATION_CODE) => authorization_code::redeem(idp, client, &params),
        Some(REFRESH_TOKEN) => refresh::refresh(idp, client, &params),
        Some(CLIENT_CREDENTIALS) => client_credentials::issue(idp, client, &params),
        Some(TOKEN_EXCHANGE) => exchange::exchange(idp, client, &params),
        Some(_) => Err(TokenError::UnsupportedGrantType),
        None => Err(TokenError::InvalidRequest("grant_type is missing")),
    }
}

/// Reads a body as a form, which it has to say it is.
pub(super) fn form(headers: &HeaderMap, body: &Bytes) -> Result<Params, TokenError> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(Params::parse(body))
    } else {
        Err(TokenError::InvalidRequest("the body must be application/x-www-form-urlencoded"))
    }
}
