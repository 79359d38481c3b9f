//! The application: the route table inside its layers, apart from sockets.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};

use crate::http::{context, origin, rate_limit, request_limits, security_headers};
use crate::pages;
use crate::routes;
use crate::state::AppState;

/// The portal as one router.
///
/// A request passes the layers from the last to the first: trace id and log, security headers, bounds, rate limit,
/// anti-forgery, error pages, the route.
pub fn app(state: AppState) -> Router {
    routes::table(&state)
        .layer(DefaultBodyLimit::max(state.config.limits.body_bytes))
        .layer(from_fn_with_state(state.clone(), pages::error_layer))
        .layer(from_fn_with_state(state.clone(), origin::layer))
        .layer(from_fn_with_state(state.clone(), rate_limit::layer))
        .layer(from_fn_with_state(state.clone(), request_limits::layer))
        .layer(from_fn_with_state(state.clone(), security_headers::layer))
        .layer(from_fn_with_state(state.clone(), context::layer))
        .with_state(state)
}

/// The admin listener's router.
pub fn admin(state: AppState) -> Router {
    routes::admin(&state).layer(from_fn(no_store)).with_state(state)
}

async fn no_store(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
    let mut response = next.run(request).await;
    let value = axum::http::HeaderValue::from_static("no-store");
    response.headers_mut().insert(axum::http::header::CACHE_CONTROL, value);
    response
}
