use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use portico_registry::FileError;

use crate::http::ApiError;
use crate::state::AppState;

/// `GET /remotes/{id}/{version}/{file}`: a file of a remote, verified against its manifest's hash. A query is ignored: a
/// retry in place asks for a fresh URL. Public: the code of a remote is no secret, its data is behind the proxy.
pub async fn file(
    State(state): State<AppState>,
    Path((id, version, file)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let verified = state.registry.file(&id, &version, &file).map_err(|error| match error {
        FileError::Changed { .. } => ApiError::new(
            axum::http::StatusCode::BAD_GATEWAY,
            "integrity",
            "A remote's file is not what was signed",
            "The file was changed after its manifest was signed, so it is not served. The remote's team has to publish again.",
        )
        .cause(error),
        FileError::NotListed => ApiError::not_found("No manifest lists such a file."),
        FileError::Unreadable { .. } => ApiError::unavailable("A remote's file", error),
    })?;
    let mut response = Response::new(Body::from(verified.bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(verified.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Ok(response)
}
