//! Switching organization.

use axum::http::HeaderValue;
use portico_identity::login::ReturnTo;
use portico_identity::provider::Refreshed;
use portico_identity::session::{Membership, SessionError, SessionState, set_cookie};

use crate::audit;
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::revocation::revoke;
use crate::services::{authorise, membership};
use crate::state::AppState;

/// How a switch goes on.
#[derive(Debug)]
pub struct Switched {
    /// Where to navigate.
    pub location: String,
    /// The new session's cookie, where the switch is complete.
    pub set_cookie: Option<HeaderValue>,
}

/// Switches to another of the person's organizations, under a new session id.
///
/// The provider is asked for the organization's own tokens with the refresh token (as WorkOS and the development IdP
/// offer it); one that does not know this is asked by a login with `organization`, which ends here again. An organization
/// that only the portal knows needs nothing of the provider, and neither do tokens that are for none in particular.
///
/// # Errors
/// 404 for an organization that is not the person's, whether or not it exists.
pub async fn switch(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    organization: &str,
    return_to: &str,
) -> Result<Switched, ApiError> {
    authorise::invoke(state, context, session, "switch-organization").await?;
    let resource = format!("organization {organization:.100}");
    if !session.state.organizations.iter().any(|o| o.id == organization) {
        audit::decision("switch-organization", &resource, false, "not a member", session, context);
        return Err(ApiError::not_found("You belong to no such organization."));
    }
    audit::decision("switch-organization", &resource, true, "member", session, context);
    let public_url = state.config.public_url();
    let location = ReturnTo::parse(return_to, &public_url).unwrap_or_else(ReturnTo::home).to_string();
    // On its own: a browser that goes away in the middle must not take a rotated refresh token with it.
    let (state, session, organization) = (state.clone(), session.clone(), organization.to_owned());
    let moved = tokio::spawn(async move {
        // Its turn, on every instance: a refresh token is spent once.
        let (sessions, active) = (&state.sessions, &session.active);
        sessions
            .in_turn(active, || move_session(state.clone(), session.clone(), organization, location))
            .await
    });
    moved.await.map_err(ApiError::internal)?
}

async fn move_session(
    state: AppState,
    session: Authenticated,
    organization: String,
    location: String,
) -> Result<Switched, ApiError> {
    let current = session.active.state();
    let is_known = |o: &Membership| o.id == organization;
    let only_ours = state.dev_idp_of(&current.person.issuer).is_none()
        && !current.provider_organizations.iter().any(is_known);
    if only_ours || current.tokens_org_id.is_empty() {
        // The provider has no other tokens to give.
        let next = SessionState { org_id: organization, ..(*current).clone() };
        return go_on(&state, &session, next, location).await;
    }
    let Some(of) = state.providers.by_issuer(&current.person.issuer) else {
        return Ok(by_login(&organization, &location));
    };
    match of.provider.refresh(&current, Some(&organization)).await {
        Ok(Refreshed::SignIn(sign_in)) if sign_in.org_id == organization => {
            let organizations = membership::organizations(&state, &sign_in).await;
            let organizations =
                organizations.map_err(|error| ApiError::unavailable("The directory", error))?;
            let mut next = sign_in.into_state(state.clock.now(), state.sessions.lifetimes().absolute);
            // A switch is no login: the end that was set at login stays.
            (next.created_at, next.expires_at) = (current.created_at, current.expires_at);
            next.device.clone_from(&current.device);
            next.notice.clone_from(&current.notice);
            membership::settle(&mut next, organizations);
            go_on(&state, &session, next, location).await
        }
        Ok(refreshed) => {
            // Spent without the switch: the tokens must be kept, and the login does the rest.
            let tokens = match refreshed {
                Refreshed::Tokens(tokens) => tokens,
                Refreshed::SignIn(sign_in) => sign_in.tokens,
            };
            let refresh_token = tokens.refresh_token.clone();
            let kept = state.sessions.replace_tokens(&session.active, tokens).await;
            if let Err(SessionError::Ended) = kept {
                revoke(&state, &current.person.issuer, refresh_token);
            }
            kept?;
            Ok(by_login(&organization, &location))
        }
        Err(error) => {
            tracing::info!(error.message = %error, "switching by refresh was not possible; a login does it");
            Ok(by_login(&organization, &location))
        }
    }
}

/// Under a new id.
async fn go_on(
    state: &AppState,
    session: &Authenticated,
    next: SessionState,
    location: String,
) -> Result<Switched, ApiError> {
    let left = (next.ends_at() - state.clock.now()).whole_seconds();
    let (issuer, refresh_token) = (next.person.issuer.clone(), next.tokens.refresh_token.clone());
    let rotated = state.sessions.rotate(&session.active, next).await;
    if let Err(SessionError::Ended) = rotated {
        // Logout revoked the refresh token of the time before: one that comes after it belongs to no session.
        revoke(state, &issuer, refresh_token);
    }
    let active = rotated?;
    state.forget_tokens(&session.active.id);
    let belongs = membership::confirm(state, &active).await;
    if !belongs.map_err(|error| ApiError::unavailable("The directory", error))? {
        return Err(ApiError::signed_out());
    }
    let cookie = HeaderValue::from_str(&set_cookie(&active.id, left)).map_err(ApiError::internal)?;
    Ok(Switched { location, set_cookie: Some(cookie) })
}

fn by_login(organization: &str, return_to: &str) -> Switched {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("organization", organization).append_pair("return_to", return_to);
    Switched { location: format!("/auth/login?{}", query.finish()), set_cookie: None }
}
