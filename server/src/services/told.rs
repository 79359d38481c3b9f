//! What a form's action says on the next page: kept in the session, shown once.

use portico_app::platform::Told;
use portico_identity::session::{ActiveSession, Change, SessionError};

use crate::state::Portal;

/// Keeps it for the session's next page.
pub async fn keep(portal: &Portal, active: &ActiveSession, told: &Told) -> Result<(), SessionError> {
    let text = serde_json::to_string(told).ok();
    let kept = portal.sessions.change(active, |state| {
        state.notice.clone_from(&text);
        Change::Save
    });
    kept.await.map(drop)
}

/// Takes what was kept. A page must not fail for it: what cannot be taken is shown again or not at all.
pub async fn take(portal: &Portal, active: &ActiveSession) -> Option<Told> {
    let text = active.state().notice.clone()?;
    let taken = portal.sessions.change(active, |state| {
        state.notice = None;
        Change::Save
    });
    if let Err(error) = taken.await {
        tracing::warn!(error.message = %error, "a notice could not be taken out of the session");
    }
    serde_json::from_str(&text).ok()
}
