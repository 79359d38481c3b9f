use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;

use crate::http::content_type::is_json;
use crate::http::{ApiError, Authenticated, RequestContext, body_limit};
use crate::services::organization as service;
use crate::state::AppState;

#[derive(Debug, Deserialize)]
struct Switch {
    organization: String,
    #[serde(default)]
    return_to: String,
}

/// `POST /api/platform/organization`: switches organization, with a new session id. A form is answered by a redirect (it
/// works without JavaScript), JSON by `{location}`.
pub async fn organization(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    request: Request,
) -> Result<Response, ApiError> {
    let is_json = is_json(request.headers());
    let refused = |status| match status {
        StatusCode::PAYLOAD_TOO_LARGE => body_limit::too_large(state.config.limits.body_bytes as u64),
        _ => ApiError::bad_request("Send `organization`, and `return_to` if you like, as a form or as JSON."),
    };
    let asked: Switch = if is_json {
        Json::from_request(request, &state).await.map_err(|error| refused(error.status()))?.0
    } else {
        Form::from_request(request, &state).await.map_err(|error| refused(error.status()))?.0
    };
    let switched = service::switch(&state, &context, &session, &asked.organization, &asked.return_to).await?;
    let mut response = if is_json {
        Json(serde_json::json!({ "location": switched.location })).into_response()
    } else {
        Redirect::to(&switched.location).into_response()
    };
    if let Some(cookie) = switched.set_cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
