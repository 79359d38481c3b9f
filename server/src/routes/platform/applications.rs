use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};

use crate::http::Authenticated;
use crate::state::AppState;

/// `GET /api/platform/applications`: the remotes this session may load, resolved to versions.
pub async fn applications(State(state): State<AppState>, session: Authenticated) -> Response {
    ([(CACHE_CONTROL, "private, no-store")], Json(&*state.applications(&session))).into_response()
}
