//! What several instances of the portal do together: hear of one another's sessions, and refresh each session once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use super::sessions::store_error;
use super::{ActiveSession, EndReason, Notice, SessionError, SessionSignal, Sessions, TurnAnswer};

/// How long a turn is kept for an instance that died in it.
const LEASE: Duration = Duration::from_secs(20);
/// How often a turn is asked for while another instance has it.
const ASK_AGAIN: Duration = Duration::from_millis(25);
/// After this the caller is told to try again, rather than left waiting.
const PATIENCE: Duration = Duration::from_secs(25);

impl Sessions {
    /// What the store's feed tells, for [`Sessions::heard`].
    pub fn listen(&self) -> broadcast::Receiver<Notice> {
        self.store.feed().listen()
    }

    /// Takes one notice in.
    pub fn heard(&self, notice: &Notice) {
        match notice {
            Notice::Beat => self.cache.beat(),
            Notice::Gap => self.cache.distrust(),
            Notice::Ended(key, reason) => self.gone(key, *reason),
            Notice::Changed { key, version, privileges } => {
                let session = self.cache.heard_of(key, *version);
                if let Some(session) = session.filter(|session| *privileges && !session.is_current()) {
                    self.signal(SessionSignal::PrivilegesChanged(session.id));
                }
            }
        }
    }

    /// Whether sessions in memory are trusted: the feed was heard within the last second, or nobody shares the store.
    pub fn trusts_memory(&self) -> bool {
        self.cache.is_trusted()
    }

    /// Looks every session in memory up in the store, after the feed was silent: what ended meanwhile ends here too.
    /// Returns how many that were.
    ///
    /// # Errors
    /// When the store does not answer; what was not looked at yet stays until the next time.
    pub async fn recheck(&self) -> Result<usize, SessionError> {
        let mut ended = 0;
        for session in self.cache.all() {
            let before = session.state();
            match self.read(&session.id).await? {
                None => ended += 1,
                Some(now)
                    if now.state().org_id != before.org_id
                        || now.state().organizations != before.organizations =>
                {
                    self.signal(SessionSignal::PrivilegesChanged(session.id));
                }
                Some(_) => {}
            }
        }
        Ok(ended)
    }

    /// Does `work` while no other request, here or on another instance, refreshes this session; the session's state is the
    /// store's when it begins. Run it in a task of its own: a caller that goes away must not stop it half-way.
    ///
    /// # Errors
    /// Those of `work`, [`SessionError::Ended`] when the session is over, [`SessionError::Busy`] when another instance
    /// does not give its turn back.
    pub async fn in_turn<T, E, W>(
        &self,
        session: &Arc<ActiveSession>,
        work: impl FnOnce() -> W,
    ) -> Result<T, E>
    where
        E: From<SessionError>,
        W: Future<Output = Result<T, E>>,
    {
        let _local = session.refreshing.lock().await;
        let owner = self.vault.new_owner();
        self.take_turn(session, owner).await?;
        let result = work().await;
        if let Err(error) = self.store.release_turn(&session.id, owner).await {
            // Its lease ends by itself.
            let _ = error;
        }
        result
    }

    async fn take_turn(&self, session: &Arc<ActiveSession>, owner: i64) -> Result<(), SessionError> {
        let mut waited = Duration::ZERO;
        loop {
            match self.store.take_turn(&session.id, owner, LEASE).await.map_err(store_error)? {
                TurnAnswer::Taken => break,
                TurnAnswer::Ended => {
                    self.gone(&session.key, EndReason::SignedOut);
                    return Err(SessionError::Ended);
                }
                TurnAnswer::Busy if waited >= PATIENCE => return Err(SessionError::Busy),
                TurnAnswer::Busy => {
                    tokio::time::sleep(ASK_AGAIN).await;
                    waited += ASK_AGAIN;
                }
            }
        }
        if self.store.feed().is_shared() {
            // Another instance may have refreshed it a moment ago: its token serves here too.
            self.read(&session.id).await?.ok_or(SessionError::Ended)?;
        }
        Ok(())
    }
}
