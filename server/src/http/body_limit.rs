//! How large a body may be.

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::Limited;

use super::ApiError;
use crate::config::LimitsConfig;

/// Bounds the body of a request that is forwarded: a declared length beyond the limit is refused at once, a longer stream
/// breaks off.
pub fn bounded(request: Request, limits: &LimitsConfig) -> Result<Request, ApiError> {
    let declared =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits.proxy_body_bytes) {
        return Err(too_large(limits.proxy_body_bytes));
    }
    let most = usize::try_from(limits.proxy_body_bytes).unwrap_or(usize::MAX);
    Ok(request.map(|body| Body::new(Limited::new(body, most))))
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
