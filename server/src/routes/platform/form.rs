use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use portico_app::platform::Told;

use crate::http::input::{Input, see_other};
use crate::http::session::organization_changed;
use crate::http::{ApiError, Authenticated};
use crate::services::members::Refused;
use crate::services::told;
use crate::state::AppState;

/// Refuses what a page of another organization sends: nothing may be written into the wrong one (case 15).
pub(super) async fn meant_for_this(
    state: &AppState,
    session: &Authenticated,
    input: &Input,
    page: &str,
) -> Result<(), Answered> {
    if input.is_meant_for(&session.state.org_id) {
        return Ok(());
    }
    if input.is_form {
        return Err(Answered(Box::new(tell(state, session, &Told::OtherOrganization, page).await)));
    }
    Err(Answered(Box::new(organization_changed().into_response())))
}

/// A request that was answered before it was done.
pub(super) struct Answered(pub(super) Box<Response>);

/// What a form or a script gets: the page with what is to be said on it, or JSON.
pub(super) async fn answer(
    state: &AppState,
    session: &Authenticated,
    input: &Input,
    page: &str,
    done: Result<(Told, StatusCode, serde_json::Value), Refused>,
) -> Response {
    match done {
        Ok((said, _, _)) if input.is_form => tell(state, session, &said, page).await,
        Ok((_, status, json)) => (status, Json(json)).into_response(),
        Err(Refused::Input { told: said, .. }) if input.is_form => tell(state, session, &said, page).await,
        Err(refused) => ApiError::from(refused).into_response(),
    }
}

async fn tell(state: &AppState, session: &Authenticated, said: &Told, page: &str) -> Response {
    match told::keep(state, &session.active, said).await {
        Ok(()) => see_other(page),
        Err(error) => ApiError::unavailable("The session store", error).into_response(),
    }
}
