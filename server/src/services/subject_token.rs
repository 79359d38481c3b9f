use std::sync::Arc;

use portico_identity::provider::{ProviderError, Refreshed};
use portico_identity::session::{ActiveSession, EndReason, SessionError, SessionState};
use thiserror::Error;
use time::Duration;

use crate::state::{AppState, Portal};

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
    /// The server is going down.
    #[error("the refresh did not finish: {0}")]
    Aborted(String),
}

impl From<SessionError> for SubjectTokenError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Ended => Self::SessionOver("it ended during a refresh".into()),
            error => Self::Store(error),
        }
    }
}

/// The session's access token, refreshed where it is about to end. One refresh serves every request that waits for it.
pub async fn subject_token(
    portal: &AppState,
    session: &Arc<ActiveSession>,
) -> Result<String, SubjectTokenError> {
    if let Some(token) = usable(portal, &session.state()) {
        return Ok(token);
    }
    // On its own: a caller that goes away in the middle must not take a rotated refresh token with it.
    let refresh = tokio::spawn(refreshed(portal.clone(), session.clone()));
    refresh.await.unwrap_or_else(|error| Err(SubjectTokenError::Aborted(error.to_string())))
}

async fn refreshed(portal: AppState, session: Arc<ActiveSession>) -> Result<String, SubjectTokenError> {
    portal.sessions.in_turn(&session, || refreshed_in_turn(portal.clone(), session.clone())).await
}

async fn refreshed_in_turn(
    portal: AppState,
    session: Arc<ActiveSession>,
) -> Result<String, SubjectTokenError> {
    let state = session.state();
    if let Some(token) = usable(&portal, &state) {
        return Ok(token);
    }
    // A provider that is configured no more refreshes nothing.
    let gone = || ProviderError::Refused { code: "invalid_grant".into() };
    let refreshed = match portal.providers.by_issuer(&state.person.issuer) {
        Some(of) => of.provider.refresh(&state, None).await,
        None => Err(gone()),
    };
    match refreshed {
        Ok(refreshed) => keep(&portal, &session, refreshed).await,
        Err(error) if is_final(&error) => {
            portal.end_session(&session.id, EndReason::Expired).await.map_err(SubjectTokenError::Store)?;
            Err(SubjectTokenError::SessionOver(error.to_string()))
        }
        // While the provider is away, a token that has not ended yet still serves.
        Err(_) if state.tokens.access_expires_at > portal.clock.now() => {
            Ok(state.tokens.access_token.clone())
        }
        Err(error) => Err(SubjectTokenError::Provider(error)),
    }
}

/// In the store before it is used: a rotated refresh token that is lost ends the session (case 19). What the provider says
/// of the person's organizations and roles holds from now on; whoever is no member of the session's any more is out.
async fn keep(
    portal: &Portal,
    session: &ActiveSession,
    refreshed: Refreshed,
) -> Result<String, SubjectTokenError> {
    let (tokens, organizations) = match refreshed {
        Refreshed::Tokens(tokens) => (tokens, Vec::new()),
        Refreshed::SignIn(sign_in) => (sign_in.tokens, sign_in.organizations),
    };
    let token = tokens.access_token.clone();
    let kept = if organizations.is_empty() {
        // Some providers leave everything but `sub` out of a refresh's id_token: that takes nothing away.
        portal.sessions.replace_tokens(session, tokens).await
    } else if organizations.iter().any(|o| o.id == session.state().org_id) {
        portal.sessions.replace_tokens_and_organizations(session, tokens, organizations).await
    } else {
        portal.end_session(&session.id, EndReason::Replaced).await.map_err(SubjectTokenError::Store)?;
        return Err(SubjectTokenError::SessionOver("the person left the organization".into()));
    };
    kept.map(|()| token).map_err(SubjectTokenError::from)
}

/// Whether the refresh token is dead. Any other refusal is a misunderstanding between portal and provider, which is no
/// reason to sign everyone out.
fn is_final(error: &ProviderError) -> bool {
    match error {
        ProviderError::Refused { code } => code == "invalid_grant",
        ProviderError::IdToken(_) => true,
        ProviderError::Timeout | ProviderError::Unavailable(_) | ProviderError::Nonsense(_) => false,
    }
}

fn usable(portal: &Portal, state: &SessionState) -> Option<String> {
    let ahead = portal.clock.now() + AHEAD;
    (state.tokens.access_expires_at > ahead).then(|| state.tokens.access_token.clone())
}
