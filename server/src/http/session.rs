//! Who is asking.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use portico_identity::session::{ActiveSession, CookieError, SessionState, read_cookie};
use portico_policy::Principal;

use super::{ApiError, RequestContext, rate_limit};
use crate::state::AppState;

/// A session that was looked up, with what it may do. Handlers that take it cannot be reached without one.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The live session.
    pub active: Arc<ActiveSession>,
    /// Its state at the beginning of the request.
    pub state: Arc<SessionState>,
    /// Who it is to the policy engine, with permissions and entitlements.
    pub principal: Arc<Principal>,
}

/// The session, or none: for pages, which render either way. A store that does not answer is an error, never "none".
#[derive(Clone, Debug)]
pub struct MaybeSession(pub Option<Authenticated>);

/// The header by which a tab says which organization it works for.
pub const ORGANIZATION_HEADER: &str = "x-portico-org";

impl FromRequestParts<AppState> for MaybeSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let found = match read_cookie(parts.headers.get_all(COOKIE).iter().map(|value| value.as_bytes())) {
            Ok(id) => {
                let found = state.sessions.find(&id).await;
                found.map_err(|error| ApiError::unavailable("The session store", error))?
            }
            Err(CookieError::Absent | CookieError::Doubled | CookieError::Malformed) => None,
        };
        count(parts, state, found.as_deref())?;
        let session = Self(found.map(|active| {
            let session_state = active.state();
            let principal = state.entitlements.principal(&session_state);
            Authenticated { active, state: session_state, principal }
        }));
        parts.extensions.insert(session.clone());
        Ok(session)
    }
}

impl FromRequestParts<AppState> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let MaybeSession(session) =
            <MaybeSession as FromRequestParts<AppState>>::from_request_parts(parts, state).await?;
        let session = session.ok_or_else(ApiError::signed_out)?;
        // A tab that was left open on another organization must not write into this one.
        let mut asked = parts.headers.get_all(ORGANIZATION_HEADER).iter();
        if asked.any(|org_id| org_id.as_bytes() != session.state.org_id.as_bytes()) {
            return Err(organization_changed());
        }
        Ok(session)
    }
}

impl OptionalFromRequestParts<AppState> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, ApiError> {
        Ok(<MaybeSession as FromRequestParts<AppState>>::from_request_parts(parts, state).await?.0)
    }
}

/// A session is counted as itself. Whoever has none, or shows a cookie that names none, is counted by address.
fn count(parts: &Parts, state: &AppState, session: Option<&ActiveSession>) -> Result<(), ApiError> {
    match session {
        Some(session) => state.limits.session.take(&session.id),
        None if !rate_limit::shows_cookie(&parts.headers) => Ok(()),
        None => match parts.extensions.get::<RequestContext>() {
            Some(context) => state.limits.anonymous.take(&rate_limit::bucket(context.client_ip)),
            None => Ok(()),
        },
    }
}

/// The answer to a tab that was opened before a switch of organization.
pub fn organization_changed() -> ApiError {
    ApiError::new(
        axum::http::StatusCode::CONFLICT,
        "organization-changed",
        "This tab works for another organization",
        "The session has switched to another organization since this page was opened. Reload the page.",
    )
}
