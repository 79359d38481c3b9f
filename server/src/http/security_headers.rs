//! Headers that every response carries, errors too.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::csp;
use crate::state::AppState;

/// The layer. A page has set its own policy by the time it arrives here; everything else gets the strictest.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let idp = request.uri().path().starts_with("/dev/idp");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("x-content-type-options", "nosniff");
    set("x-frame-options", "DENY");
    set(
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    );
    // `no-referrer` would make a form POST carry `Origin: null`.
    set("referrer-policy", "same-origin");
    if state.origin.starts_with("https:") && !state.config.is_development() {
        set("strict-transport-security", "max-age=31536000; includeSubDomains");
    }
    if !idp {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(csp::NOTHING));
    }
    response
}
