use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};

use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::remote_token as service;
use crate::state::AppState;

/// `POST /api/platform/remotes/{id}/token`: a token of the remote's own audience. Only for remotes in token mode.
pub async fn remote_token(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, ApiError> {
    // Whoever names an audience here expects to get it: better told than ignored.
    if query.is_some() || !matches!(&body[..], b"" | b"{}") {
        return Err(ApiError::bad_request(
            "Audience and scope come from the remote's manifest. Send neither query nor body.",
        ));
    }
    let token = service::exchange(&state, &context, &session, &id).await?;
    Ok(([(CACHE_CONTROL, "private, no-store")], Json(token)).into_response())
}
