use axum::extract::{FromRequest, Request, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;

use crate::http::{ApiError, Authenticated, RequestContext};
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
    let is_json = request
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let expected =
        || ApiError::bad_request("Send `organization`, and `return_to` if you like, as a form or as JSON.");
    let asked: Switch = if is_json {
        Json::from_request(request, &state).await.map_err(|_| expected())?.0
    } else {
        Form::from_request(request, &state).await.map_err(|_| expected())?.0
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
