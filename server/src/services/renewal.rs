use axum::http::HeaderValue;
use portico_identity::session::{SessionError, set_cookie};

use crate::http::{ApiError, Authenticated};
use crate::state::AppState;

/// Goes on under a new session id after what the session may do has changed (OWASP ASVS 5.0, V7.2.4). For page loads, where
/// the new cookie is in place before anything else uses it. Returns the session with its cookie.
///
/// # Errors
/// 401 when another page load was faster, or somebody signed out; 503 when the store does not answer.
pub async fn renew(
    state: &AppState,
    session: &Authenticated,
) -> Result<(Authenticated, HeaderValue), ApiError> {
    // On its own: a browser that goes away in the middle must not leave two sessions, or none.
    let (state, session) = (state.clone(), session.clone());
    let renewed = tokio::spawn(async move {
        let (sessions, active) = (&state.sessions, &session.active);
        let renewed = sessions.in_turn::<_, SessionError, _>(active, || async {
            let mut next = (*active.state()).clone();
            next.renew = false;
            sessions.rotate(active, next).await
        });
        let active = renewed.await?;
        state.forget_tokens(&session.active.id);
        let next = active.state();
        let left = (next.ends_at() - state.clock.now()).whole_seconds();
        let cookie = HeaderValue::from_str(&set_cookie(&active.id, left)).map_err(ApiError::internal)?;
        let principal = state.entitlements.principal(&next);
        Ok((Authenticated { active, state: next, principal, left: session.left }, cookie))
    });
    renewed.await.map_err(ApiError::internal)?
}
