//! How large a body may be.

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use http_body::Body as _;
use http_body_util::Limited;

use super::ApiError;
use crate::config::LimitsConfig;

/// Refuses a body whose declared length is beyond what its endpoint takes, before anything of it is read.
///
/// # Errors
/// 413 with the limit: that of the proxy below `/bff/`, that of the portal's own endpoints elsewhere.
pub fn check_declared(request: &Request, limits: &LimitsConfig) -> Result<(), ApiError> {
    let proxied = request.uri().path().starts_with("/bff/");
    let limit = if proxied { limits.proxy_body_bytes } else { limits.body_bytes as u64 };
    let length =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit) { Err(too_large(limit)) } else { Ok(()) }
}

/// Bounds the body of a request that is forwarded: a stream that is longer breaks off.
pub fn bounded(request: Request, limits: &LimitsConfig) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    let most = usize::try_from(limits.proxy_body_bytes).unwrap_or(usize::MAX);
    request.map(|body| Body::new(Limited::new(body, most)))
}

/// 413, with the limit.
pub fn too_large(limit: u64) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large",
        format!("This endpoint takes at most {limit} bytes."),
    )
}
