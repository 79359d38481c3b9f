use axum::Json;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};

use crate::http::Authenticated;
use crate::services::session_view;

/// `GET /api/platform/session`: who is signed in, for which organization, with which entitlements. 401 without a session.
pub async fn session(session: Authenticated) -> Response {
    ([(CACHE_CONTROL, "private, no-store")], Json(session_view(&session))).into_response()
}
