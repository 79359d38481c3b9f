use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use portico_identity::provider::LogoutRequest;
use portico_identity::session::{EndReason, clear_cookie};

use super::login::append_cookie;
use crate::audit;
use crate::http::{ApiError, MaybeSession, RequestContext};
use crate::services::revocation::revoke;
use crate::state::AppState;

/// `POST /auth/logout`: ends the session here, revokes the refresh token, then ends the provider's session too
/// (RP-Initiated Logout 1.0). Without a session it leads home all the same.
pub async fn logout(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    MaybeSession(session): MaybeSession,
) -> Result<Response, ApiError> {
    let mut target = "/".to_owned();
    if let Some(session) = session {
        let store_error = |error| ApiError::unavailable("The session store", error);
        state.end_session(&session.active.id, EndReason::SignedOut).await.map_err(store_error)?;
        // The tokens as they are now: a refresh may have finished since this request began.
        let ended = session.active.state();
        audit::session("logout", &context, &ended);
        if let Some(of) = state.providers.by_issuer(&ended.person.issuer) {
            let request = LogoutRequest { id_token: &ended.tokens.id_token };
            if let Some(url) = of.provider.logout_url(request) {
                target = url.into();
            }
        }
        revoke(&state, &ended.person.issuer, ended.tokens.refresh_token.clone());
    }
    let mut response = Redirect::to(&target).into_response();
    append_cookie(&mut response, &clear_cookie());
    Ok(response)
}
