use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::{authorise, session_view};
use crate::state::AppState;

/// `GET /api/platform/session`: who is signed in, for which organization, with which entitlements. 401 without a session.
pub async fn session(
    State(state): State<AppState>,
    Extension(context): Extension<RequestContext>,
    session: Authenticated,
) -> Result<Response, ApiError> {
    authorise::invoke(&state, &context, &session, "session").await?;
    Ok(([(CACHE_CONTROL, "private, no-store")], Json(session_view(&session))).into_response())
}
