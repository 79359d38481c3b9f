use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use portico_app::platform::Told;
use portico_identity::session::EndReason;
use serde_json::json;

use super::form::answer;
use crate::audit;
use crate::http::input::Input;
use crate::http::{Authenticated, RequestContext};
use crate::services::authorise;
use crate::services::members::Refused;
use crate::state::AppState;

const PAGE: &str = "/account";

/// `POST /api/platform/sessions/end`: ends the one of the person's own sessions that `{handle}` names.
pub async fn end(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    input: Input,
) -> Response {
    if let Err(error) = authorise::own(&state, &context, Some(&session), "end-session").await {
        return error.into_response();
    }
    let person = &session.state.person;
    let handle = input.text("handle");
    let ended = state.sessions.end_handle(&person.issuer, &person.sub, handle, EndReason::SignedOut).await;
    let done = match ended {
        Ok(true) => {
            audit::decision("end-session", &format!("session {handle:.60}"), true, "own", &session, &context);
            Ok((Told::SessionEnded, StatusCode::OK, json!({ "ended": 1 })))
        }
        Ok(false) => {
            let reason = "none of theirs";
            audit::decision(
                "end-session",
                &format!("session {handle:.60}"),
                false,
                reason,
                &session,
                &context,
            );
            match input.is_form {
                // It may have ended by itself since the page was opened.
                true => Ok((Told::Gone, StatusCode::OK, json!({ "ended": 0 }))),
                false => Err(Refused::NotFound("session")),
            }
        }
        Err(error) => Err(error.into()),
    };
    answer(&state, &session, &input, PAGE, done).await
}

/// `POST /api/platform/sessions/end-others`: ends all of the person's sessions but this one.
pub async fn end_others(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    input: Input,
) -> Response {
    if let Err(error) = authorise::own(&state, &context, Some(&session), "end-other-sessions").await {
        return error.into_response();
    }
    let ended = state.sessions.end_others(&session.active).await;
    let done = ended.map_err(Refused::from).map(|count| {
        audit::decision("end-session", "all others", true, "own", &session, &context);
        (Told::OthersEnded { count }, StatusCode::OK, json!({ "ended": count }))
    });
    answer(&state, &session, &input, PAGE, done).await
}
