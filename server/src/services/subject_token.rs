use std::sync::Arc;

use portico_identity::provider::{ProviderError, Refreshed, SignIn};
use portico_identity::session::{ActiveSession, Change, EndReason, Membership, SessionError, SessionState};
use thiserror::Error;
use time::Duration;

use super::membership;
use super::revocation::revoke;
use crate::state::{AppState, Portal};

/// Refreshes what is about to end behind open streams, where nobody asks: a tab that only listens hears at once, too, that
/// its session has died at the provider (DESIGN.md, promise 6).
pub async fn refresh_listeners(portal: &AppState) {
    for session in portal.sessions.expiring(portal.clock.now() + AHEAD) {
        if portal.events.gateway().streams_of(&session.id.to_string()) == 0 {
            continue;
        }
        if let Err(error) = subject_token(portal, &session).await {
            tracing::info!(error.message = %error, "a listening session could not be refreshed");
        }
    }
}

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
    /// The tokens are for an organization that the person was removed from.
    #[error("the tokens are for an organization that the person was removed from")]
    Lost,
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
    if membership::has_lost_tokens(&session.state()) {
        return Err(SubjectTokenError::Lost);
    }
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
    let (tokens, sign_in) = match refreshed {
        Refreshed::Tokens(tokens) => (tokens, None),
        Refreshed::SignIn(sign_in) => (sign_in.tokens.clone(), Some(sign_in)),
    };
    let token = tokens.access_token.clone();
    let refresh_token = tokens.refresh_token.clone();
    // Some providers leave everything but `sub` out of a refresh's id_token: that takes nothing away.
    let sign_in = sign_in.filter(|sign_in| !sign_in.organizations.is_empty());
    let kept = match told(portal, sign_in.as_deref()).await {
        Some((sign_in, organizations)) if organizations.iter().any(|o| o.id == session.state().org_id) => {
            let changed = portal.sessions.change(session, |state| {
                state.tokens = tokens.clone();
                state.tokens_org_id.clone_from(&sign_in.org_id);
                state.provider_organizations.clone_from(&sign_in.organizations);
                if state.organizations == organizations {
                    return Change::Save;
                }
                state.organizations.clone_from(&organizations);
                state.renew = true;
                Change::SavePrivileges
            });
            let changed = changed.await;
            if changed.is_ok() && !confirmed(portal, session).await {
                return Err(SubjectTokenError::SessionOver("the person was removed meanwhile".into()));
            }
            changed.map(drop)
        }
        Some(_) => {
            portal.end_session(&session.id, EndReason::Replaced).await.map_err(SubjectTokenError::Store)?;
            return Err(SubjectTokenError::SessionOver("the person left the organization".into()));
        }
        None => portal.sessions.replace_tokens(session, tokens).await,
    };
    if let Err(SessionError::Ended) = kept {
        // Logout revoked the refresh token of the time before: one that comes after it belongs to no session.
        revoke(portal, &session.state().person.issuer, refresh_token);
    }
    kept.map(|()| token).map_err(SubjectTokenError::from)
}

/// Whether the session goes on after what the directory says now; while that does not answer, it does.
async fn confirmed(portal: &Portal, session: &ActiveSession) -> bool {
    membership::confirm(portal, session).await.unwrap_or_else(|error| {
        tracing::warn!(error.message = %error, "a refreshed session could not be looked up in the directory");
        true
    })
}

/// What a refresh told of the person's organizations, and what they are by it. While the directory does not answer it is
/// nothing: the tokens must be kept whatever it says, and the next refresh tells again.
async fn told<'s>(portal: &Portal, sign_in: Option<&'s SignIn>) -> Option<(&'s SignIn, Vec<Membership>)> {
    let sign_in = sign_in?;
    match membership::organizations(portal, sign_in).await {
        Ok(organizations) => Some((sign_in, organizations)),
        Err(error) => {
            tracing::warn!(error.message = %error, "what a refresh told could not be recorded");
            None
        }
    }
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
