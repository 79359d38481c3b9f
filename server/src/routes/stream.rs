use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use futures::StreamExt;
use portico_stream::{EventType, StreamScope, SubscribeError, Subscription};
use serde::Deserialize;

use crate::audit;
use crate::http::session::organization_changed;
use crate::http::{ApiError, Authenticated, RequestContext, origin};
use crate::services::events::subscribable;
use crate::state::AppState;

/// `?types=&last_event_id=&organization=`.
#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    types: Option<String>,
    last_event_id: Option<String>,
    organization: Option<String>,
}

/// `GET /stream`: this session's events as server-sent events (HTML, section 9.2). Without `types` it carries every type
/// that the session may subscribe to.
///
/// # Errors
/// 409 where `organization` is not the session's: a page that was opened before a switch must not get the other
/// organization's events. It names its own here as it does in `X-Portico-Org` elsewhere.
pub async fn open(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    headers: HeaderMap,
    session: Authenticated,
    Query(parameters): Query<Parameters>,
) -> Result<Response, ApiError> {
    origin::check_stream(&headers, &state.origin).map_err(ApiError::forbidden)?;
    if parameters.organization.as_ref().is_some_and(|asked| *asked != session.state.org_id) {
        return Err(organization_changed());
    }
    let allowed = subscribable(&state, &context, &session).await?;
    let types = wanted(parameters.types.as_deref(), allowed).map_err(|kind| {
        audit::decision(
            "subscribe",
            &format!("event {kind:.100}"),
            false,
            "not entitled",
            &session,
            &context,
        );
        ApiError::forbidden(format!("This session may not subscribe to {kind:?}."))
    })?;
    // The browser's own header wins: it is later than the parameter that the page was opened with.
    let header = headers.get("last-event-id").map(|value| value.to_str().map_err(|_| forged()));
    let last_event_id = header.transpose()?.map(str::to_owned).or(parameters.last_event_id);
    let session_id = session.active.id.to_string();
    let stream = state.events.gateway().subscribe(Subscription {
        session_id: &session_id,
        org: &session.state.org_id,
        user: &session.state.person.sub,
        types: &types,
        last_event_id: last_event_id.as_deref().filter(|id| !id.is_empty()),
    });
    let stream = stream.map_err(|error| {
        if error == SubscribeError::ForeignId {
            audit::decision("subscribe", "stream", false, "an event id of someone else", &session, &context);
        }
        problem(&error)
    })?;
    let outlet = stream.outlet();
    let mut response = Response::new(Body::from_stream(stream.map(Ok::<_, std::convert::Infallible>)));
    response.extensions_mut().insert(outlet);
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    out.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // nginx and its like would otherwise hold events back.
    out.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The types to carry: all, or those that were asked for if every one is allowed.
fn wanted(asked: Option<&str>, mut allowed: Vec<EventType>) -> Result<Vec<EventType>, String> {
    let Some(asked) = asked.filter(|asked| !asked.trim().is_empty()) else { return Ok(allowed) };
    let asked: Vec<&str> = asked.split(',').map(str::trim).filter(|kind| !kind.is_empty()).collect();
    if let Some(refused) = asked.iter().find(|kind| allowed.iter().all(|known| *known.kind != ***kind)) {
        return Err((*refused).to_owned());
    }
    allowed.retain(|known| asked.contains(&&*known.kind));
    Ok(allowed)
}

fn forged() -> ApiError {
    ApiError::bad_request("The event id was not issued here. Open the stream without one and fetch afresh.")
}

fn problem(error: &SubscribeError) -> ApiError {
    match error {
        SubscribeError::ForgedId => forged(),
        SubscribeError::ForeignId => ApiError::forbidden("The event id was issued to someone else."),
        SubscribeError::TooManyStreams(StreamScope::Instance) => {
            ApiError::unavailable("Another stream here", error)
                .header(RETRY_AFTER, HeaderValue::from_static("5"))
        }
        SubscribeError::TooManyStreams(scope) => ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-streams",
            "Too many open streams",
            match scope {
                StreamScope::Session => "Close another tab of the portal and try again.",
                _ => "The organization has as many streams open as it may. Try again later.",
            },
        )
        .header(RETRY_AFTER, HeaderValue::from_static("10")),
        SubscribeError::SessionEnded => ApiError::signed_out(),
        SubscribeError::NotReady => ApiError::unavailable("The event log", error),
    }
}
