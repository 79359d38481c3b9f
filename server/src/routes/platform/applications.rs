use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::authorise;
use crate::state::AppState;

/// `GET /api/platform/applications`: the remotes this session may load, resolved to versions.
pub async fn applications(
    State(state): State<AppState>,
    Extension(context): Extension<RequestContext>,
    session: Authenticated,
) -> Result<Response, ApiError> {
    authorise::invoke(&state, &context, &session, "applications").await?;
    let applications = authorise::applications(&state, &context, &session).await?;
    Ok(([(CACHE_CONTROL, "private, no-store")], Json(&*applications)).into_response())
}
