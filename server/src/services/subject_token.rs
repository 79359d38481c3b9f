use portico_identity::provider::{ProviderError, Refreshed};
use portico_identity::session::{ActiveSession, EndReason, SessionError, SessionState};
use thiserror::Error;
use time::Duration;

use crate::state::Portal;

/// Refreshed this long before the end, so that a token does not run out on its way.
const AHEAD: Duration = Duration::seconds(30);

/// Why a session has no usable access token.
#[derive(Debug, Error)]
pub enum SubjectTokenError {
    /// The provider will not refresh it any more: the session is over and was ended.
    #[error("the session is over: {0}")]
    SessionOver(String),
    /// The provider did not answer; the session stays.
    #[error(transparent)]
    Provider(ProviderError),
    /// The store did not answer.
    #[error(transparent)]
    Store(SessionError),
}

/// The session's access token, refreshed where it is about to end. One refresh serves every request that waits for it.
pub async fn subject_token(portal: &Portal, session: &ActiveSession) -> Result<String, SubjectTokenError> {
    if let Some(token) = usable(portal, &session.state()) {
        return Ok(token);
    }
    let _turn = session.refresh_turn().await;
    let state = session.state();
    if let Some(token) = usable(portal, &state) {
        return Ok(token);
    }
    let refreshed = match portal.provider.refresh(&state, None).await {
        Ok(refreshed) => refreshed,
        Err(error @ (ProviderError::Refused { .. } | ProviderError::IdToken(_))) => {
            portal.end_session(&session.id, EndReason::Expired).await.map_err(SubjectTokenError::Store)?;
            return Err(SubjectTokenError::SessionOver(error.to_string()));
        }
        // While the provider is away, a token that has not ended yet still serves.
        Err(_) if state.tokens.access_expires_at > portal.clock.now() => return Ok(state.tokens.access_token.clone()),
        Err(error) => return Err(SubjectTokenError::Provider(error)),
    };
    let tokens = match refreshed {
        Refreshed::Tokens(tokens) => tokens,
        Refreshed::SignIn(sign_in) => sign_in.tokens,
    };
    let token = tokens.access_token.clone();
    // In the store before it is used: a rotated refresh token that is lost ends the session (case 19).
    portal.sessions.replace_tokens(session, tokens).await.map_err(|error| match error {
        SessionError::Ended => SubjectTokenError::SessionOver("it ended during a refresh".into()),
        error => SubjectTokenError::Store(error),
    })?;
    Ok(token)
}

fn usable(portal: &Portal, state: &SessionState) -> Option<String> {
    let ahead = portal.clock.now() + AHEAD;
    (state.tokens.access_expires_at > ahead).then(|| state.tokens.access_token.clone())
}
