use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use leptos::prelude::provide_context;
use portico_app::portal_api::PortalApi;
use portico_contracts::Problem;

use crate::http::content_type::is_json;
use crate::http::problem::RETRY_SOON;
use crate::http::{ApiError, Authenticated, RequestContext, body_limit};
use crate::services::SessionApi;
use crate::state::AppState;

/// The header by which a server function marks an error of its own.
const ERROR_HEADER: &str = "serverfnerror";

/// `POST /api/fn/{name}`: a server function, for a session. Its errors get their status and media type here, since the
/// library answers every error with 500.
pub async fn call(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    request: Request,
) -> Result<Response, ApiError> {
    if !leptos::server_fn::axum::server_fn_paths().any(|(path, _)| path == request.uri().path()) {
        return Err(ApiError::not_found("There is no such server function."));
    }
    if !is_json(request.headers()) {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Server functions take JSON",
            "Send the arguments as application/json.",
        ));
    }
    let request = whole(request, state.config.limits.body_bytes).await?;
    let api: Arc<dyn PortalApi> = Arc::new(SessionApi::new(state, context.clone(), session));
    let response =
        leptos_axum::handle_server_fns_with_context(move || provide_context(api.clone()), request).await;
    let mut response = axum::response::IntoResponse::into_response(response);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if !response.headers().contains_key(ERROR_HEADER) {
        return Ok(response);
    }
    as_problem(response, &context).await
}

/// The request with its body read: the library would read one of any length.
async fn whole(request: Request, limit: usize) -> Result<Request, ApiError> {
    let (parts, body) = request.into_parts();
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(Request::from_parts(parts, Body::from(body.to_bytes()))),
        Err(error) if error.is::<LengthLimitError>() => Err(body_limit::too_large(limit as u64)),
        Err(error) => Err(ApiError::bad_request("The body broke off.").cause(error)),
    }
}

async fn as_problem(response: Response, context: &RequestContext) -> Result<Response, ApiError> {
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map_err(ApiError::internal)?.to_bytes();
    let mut problem: Problem = serde_json::from_slice(&bytes).map_err(ApiError::internal)?;
    problem.instance = context.path.to_string();
    problem.trace_id = context.trace_id.to_string();
    parts.status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    // The library carries no header of an error.
    if parts.status == StatusCode::SERVICE_UNAVAILABLE {
        parts.headers.insert(RETRY_AFTER, RETRY_SOON);
    }
    let body = serde_json::to_vec(&problem).map_err(ApiError::internal)?;
    Ok(Response::from_parts(parts, Body::from(body)))
}
