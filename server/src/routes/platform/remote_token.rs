use axum::Json;
use axum::extract::{Path, State};
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
) -> Result<Response, ApiError> {
    let token = service::exchange(&state, &context, &session, &id).await?;
    Ok(([(CACHE_CONTROL, "private, no-store")], Json(token)).into_response())
}
