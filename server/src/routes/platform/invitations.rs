use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use portico_app::platform::Told;
use portico_directory::{Invitation, InvitationToken};
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::form::{Answered, answer, meant_for_this};
use crate::http::input::{Input, see_other};
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::invitations::{self as service, Delivery, Invited};
use crate::services::members::{Refused, authorise};
use crate::state::AppState;

const PAGE: &str = "/members";

/// `GET /api/platform/invitations`: the open ones of the session's organization.
pub async fn list(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
) -> Result<Response, ApiError> {
    authorise(&state, &context, &session, "list-invitations").await?;
    let open = state.directory.invitations(&session.state.org_id, state.clock.now()).await;
    let open = open.map_err(|error| ApiError::unavailable("The directory", error))?;
    let open: Vec<_> = open.iter().map(view).collect();
    Ok(([(CACHE_CONTROL, "private, no-store")], Json(open)).into_response())
}

/// `POST /api/platform/invitations`: `{email, roles}` invites someone.
pub async fn create(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    input: Input,
) -> Response {
    if let Err(Answered(response)) = meant_for_this(&state, &session, &input, PAGE).await {
        return *response;
    }
    let (email, roles) = (input.text("email"), input.list("roles"));
    let locale = input.preferences.locale;
    let made = service::create(&state, &context, &session, locale, (email, &roles)).await;
    answer(&state, &session, &input, PAGE, made.map(invited)).await
}

/// `POST /api/platform/invitations/{id}/send`: a new link for an open one, by mail.
pub async fn send(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    Path(id): Path<String>,
    input: Input,
) -> Response {
    if let Err(Answered(response)) = meant_for_this(&state, &session, &input, PAGE).await {
        return *response;
    }
    let made = service::send_again(&state, &context, &session, input.preferences.locale, &id).await;
    answer(&state, &session, &input, PAGE, made.map(invited)).await
}

/// `POST /api/platform/invitations/{id}/revoke`: its link leads nowhere any more.
pub async fn revoke(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    Path(id): Path<String>,
    input: Input,
) -> Response {
    if let Err(Answered(response)) = meant_for_this(&state, &session, &input, PAGE).await {
        return *response;
    }
    let revoked: Result<_, Refused> = service::revoke(&state, &context, &session, &id).await;
    let done = revoked.map(|invitation| {
        let told = Told::Revoked { email: invitation.email.to_string() };
        (told, StatusCode::OK, json!({ "id": invitation.id }))
    });
    answer(&state, &session, &input, PAGE, done).await
}

/// `POST /api/platform/invitations/accept`: `{token}` makes whoever is signed in a member, and switches there. A form is
/// answered by a redirect, and by the invitation's page where it cannot be accepted.
pub async fn accept(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    input: Input,
) -> Result<Response, ApiError> {
    let token = InvitationToken::from_link(input.text("token"));
    let switched = match service::accept(&state, &context, &session, &token).await {
        Ok(switched) => switched,
        // The page says what has become of it.
        Err(error) if input.is_form && error.status() == StatusCode::GONE => {
            return Ok(see_other(&format!("/invitations/{}", token.secret())));
        }
        Err(error) => return Err(error),
    };
    let mut response = if input.is_form {
        see_other(&switched.location)
    } else {
        Json(json!({ "location": switched.location })).into_response()
    };
    if let Some(cookie) = switched.set_cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn invited(made: Invited) -> (Told, StatusCode, serde_json::Value) {
    let email = made.invitation.email.to_string();
    let mut json = view(&made.invitation);
    let told = match made.delivery {
        Delivery::Sent => Told::Invited { email },
        Delivery::Failed => Told::NotSent { email },
        Delivery::NoMail => Told::NoMail { email },
        Delivery::Shown(link) => {
            json["link"] = link.clone().into();
            Told::Link { email, link }
        }
    };
    (told, StatusCode::CREATED, json)
}

fn view(invitation: &Invitation) -> serde_json::Value {
    json!({
        "id": invitation.id,
        "email": invitation.email.as_str(),
        "roles": invitation.roles,
        "invitedBy": invitation.inviter.name,
        "createdAt": invitation.created_at.format(&Rfc3339).unwrap_or_default(),
        "expiresAt": invitation.expires_at.format(&Rfc3339).unwrap_or_default(),
        "delivered": invitation.delivered_at.is_some(),
    })
}
