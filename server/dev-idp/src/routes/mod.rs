//! The endpoints, one file each.

mod authorize;
mod client_auth;
mod discovery;
mod end_session;
mod introspect;
mod login;
mod revoke;
mod session_cookie;
mod style;
mod token;
mod userinfo;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::json;

pub(crate) use self::authorize::AuthorizationRequest;
pub use self::session_cookie::SESSION_COOKIE;
use crate::failure::{Endpoint, Failure};
use crate::idp::DevIdp;
use crate::peer::require_loopback;

/// The largest form that any endpoint reads, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// The provider's endpoints, to be nested under the path of its issuer.
///
/// Serve with `into_make_service_with_connect_info::<SocketAddr>()`, so that peers off loopback are refused.
pub fn router(idp: Arc<DevIdp>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/jwks", get(discovery::jwks))
        .route("/authorize", get(authorize::by_get).post(authorize::by_post))
        .route("/login", post(login::sign_in))
        .route("/token", post(token::token))
        .route("/userinfo", get(userinfo::userinfo).post(userinfo::userinfo))
        .route("/revoke", post(revoke::revoke))
        .route("/introspect", post(introspect::introspect))
        .route("/end-session", get(end_session::by_get).post(end_session::by_post))
        .route("/end-session/confirm", post(end_session::confirm))
        .route("/style.css", get(style::stylesheet))
        .layer(from_fn_with_state(Arc::clone(&idp), ordered_failures))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn(require_loopback))
        .layer(axum::middleware::map_response(response_headers))
        .with_state(idp)
}

/// Headers that every answer carries; pages add their own policy.
async fn response_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Answers with the failure that a test ordered for this endpoint, if there is one.
async fn ordered_failures(State(idp): State<Arc<DevIdp>>, request: Request, next: Next) -> Response {
    let ordered = Endpoint::at(request.uri().path()).and_then(|endpoint| idp.failures.take(endpoint));
    match ordered {
        None => next.run(request).await,
        Some(Failure::Status(status)) => {
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Some(Failure::OAuth(error)) => {
            (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
        }
        Some(Failure::Nonsense) => "<!doctype html><title>It works</title>".into_response(),
    }
}
