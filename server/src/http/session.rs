//! Who is asking.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use portico_identity::session::{ActiveSession, CookieError, SessionState, read_cookie};
use portico_policy::Principal;

use super::rate_limit::Counted;
use super::{ApiError, RequestContext, rate_limit};
use crate::limits::{Left, Surface};
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
    /// How many more requests it may make now.
    pub left: Left,
}

/// The session, or none: for pages, which render either way. A store that does not answer is an error, never "none".
#[derive(Clone, Debug)]
pub struct MaybeSession(pub Option<Authenticated>);

/// The header by which a tab says which organization it works for.
pub const ORGANIZATION_HEADER: HeaderName = HeaderName::from_static("x-portico-org");

impl FromRequestParts<AppState> for MaybeSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let client = parts.extensions.get::<RequestContext>().map(|context| context.client_ip);
        let session = Self(Authenticated::find(state, &parts.headers, client).await?);
        if let (Some(counted), Some(session)) = (parts.extensions.get::<Counted>(), &session.0) {
            counted.set(Surface::Session, session.left);
        }
        parts.extensions.insert(session.clone());
        Ok(session)
    }
}

impl FromRequestParts<AppState> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let MaybeSession(session) =
            <MaybeSession as FromRequestParts<AppState>>::from_request_parts(parts, state).await?;
        session.ok_or_else(ApiError::signed_out)?.in_its_organization(&parts.headers)
    }
}

impl Authenticated {
    /// The session whose cookie a request from `client` carries, counted as one request of it and of its organization.
    ///
    /// # Errors
    /// 429, and 503 where the store does not answer, which never means that there is no session.
    pub async fn find(
        state: &AppState,
        headers: &HeaderMap,
        client: Option<IpAddr>,
    ) -> Result<Option<Self>, ApiError> {
        let found = match read_cookie(headers.get_all(COOKIE).iter().map(|value| value.as_bytes())) {
            Ok(id) => {
                let found = state.sessions.find(&id).await;
                found.map_err(|error| ApiError::unavailable("The session store", error))?
            }
            Err(CookieError::Absent | CookieError::Doubled | CookieError::Malformed) => None,
        };
        let Some(active) = found else {
            count_stranger(state, headers, client).await?;
            return Ok(None);
        };
        let (session_state, principal) = active.derived(|current| state.entitlements.principal(current));
        let left = state.limits.session(&active.key, &session_state.org_id).await?;
        Ok(Some(Self { active, state: session_state, principal, left }))
    }

    /// The session, for a request that does not say that it is for another organization: a tab that was left open on one
    /// must not write into this one.
    ///
    /// # Errors
    /// 409.
    pub fn in_its_organization(self, headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut asked = headers.get_all(ORGANIZATION_HEADER).iter();
        if asked.any(|org_id| org_id.as_bytes() != self.state.org_id.as_bytes()) {
            return Err(organization_changed());
        }
        Ok(self)
    }
}

impl OptionalFromRequestParts<AppState> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, ApiError> {
        Ok(<MaybeSession as FromRequestParts<AppState>>::from_request_parts(parts, state).await?.0)
    }
}

/// Whoever shows a cookie that names no session is counted by address, like those who show none.
async fn count_stranger(
    state: &AppState,
    headers: &HeaderMap,
    client: Option<IpAddr>,
) -> Result<(), ApiError> {
    match client.filter(|_| rate_limit::shows_cookie(headers)) {
        Some(client) => state.limits.anonymous(client).await.map(drop),
        None => Ok(()),
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
