use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use portico_app::platform::Told;
use portico_directory::Member;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::form::{Answered, answer, meant_for_this};
use crate::http::input::Input;
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::members::{self as service, authorise};
use crate::state::AppState;

const PAGE: &str = "/members";

/// `GET /api/platform/members`: everyone in the session's organization.
pub async fn list(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
) -> Result<Response, ApiError> {
    authorise(&state, &context, &session, "list-members").await?;
    let members = state.directory.members(&session.state.org_id).await;
    let members = members.map_err(|error| ApiError::unavailable("The directory", error))?;
    let members: Vec<_> = members.iter().map(view).collect();
    Ok(([(CACHE_CONTROL, "private, no-store")], Json(members)).into_response())
}

/// `POST /api/platform/members/{id}/roles`: `{roles}` from now on, on open sessions too.
pub async fn roles(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    Path(id): Path<String>,
    input: Input,
) -> Response {
    if let Err(Answered(response)) = meant_for_this(&state, &session, &input, PAGE).await {
        return *response;
    }
    let roles = input.list("roles");
    let changed = service::set_roles(&state, &context, &session, &id, &roles).await;
    let done = changed.map(|member| {
        let json = json!({ "id": member.id, "roles": roles });
        (Told::RolesChanged { name: member.name }, StatusCode::OK, json)
    });
    answer(&state, &session, &input, PAGE, done).await
}

/// `POST /api/platform/members/{id}/remove`: out of the organization, at once.
pub async fn remove(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    Path(id): Path<String>,
    input: Input,
) -> Response {
    if let Err(Answered(response)) = meant_for_this(&state, &session, &input, PAGE).await {
        return *response;
    }
    let removed = service::remove(&state, &context, &session, &id).await;
    let is_self = removed.as_ref().is_ok_and(|member| {
        let person = &session.state.person;
        member.person.issuer == person.issuer && member.person.sub == person.sub
    });
    if is_self && input.is_form {
        // The session that asked is over too.
        return crate::http::input::see_other("/");
    }
    let done = removed.map(|member| {
        let json = json!({ "id": member.id });
        (Told::Removed { name: member.name }, StatusCode::OK, json)
    });
    answer(&state, &session, &input, PAGE, done).await
}

fn view(member: &Member) -> serde_json::Value {
    json!({
        "id": member.id,
        "sub": member.person.sub,
        "name": member.name,
        "email": member.email,
        "roles": member.roles,
        "source": member.source.as_str(),
        "joinedAt": member.joined_at.format(&Rfc3339).unwrap_or_default(),
    })
}
