//! Bounds on a request's head that are tighter than the parser's own, on its body's declared length, and on the pauses
//! within it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use http_body::Body as _;

use super::paced_body::PacedBody;
use super::{ApiError, body_limit};
use crate::config::LimitsConfig;

/// The request, whose body may not pause for long.
///
/// # Errors
/// 413 for a body that is too long, 414 for a target, 431 for too many or too large header fields. HTTP/1.1's parser
/// refuses most of these before; HTTP/2 counts differently, so both are held to the same numbers here.
pub fn within(request: Request, limits: &LimitsConfig) -> Result<Request, ApiError> {
    let uri_bytes = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if uri_bytes > limits.uri_bytes {
        let detail = format!("The address may be {} bytes long.", limits.uri_bytes);
        let title = "The address is too long";
        return Err(ApiError::new(StatusCode::URI_TOO_LONG, "uri-too-long", title, detail));
    }
    let bytes: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if request.headers().len() > limits.headers || bytes > limits.head_bytes {
        let detail = format!(
            "A request may carry {} header fields and {} bytes of them.",
            limits.headers, limits.head_bytes
        );
        let (status, title) =
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's headers are too large");
        return Err(ApiError::new(status, "headers-too-large", title, detail));
    }
    body_limit::check_declared(&request, limits)?;
    Ok(paced(request, limits))
}

/// A client that pauses for too long within a body is cut, whoever reads it.
fn paced(request: Request, limits: &LimitsConfig) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    let pause = Duration::from_millis(limits.body_timeout_ms);
    request.map(|body| Body::new(PacedBody::new(body, pause)))
}
