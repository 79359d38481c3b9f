use std::sync::Arc;
use std::sync::atomic::Ordering;

use portico_ports::{Clock, Random};
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use tokio::sync::broadcast;
use tower_sessions_core::session::Record;

use super::cache::Cache;
use super::vault::Vault;
use super::{
    ActiveSession, Membership, Replaced, SessionId, SessionKey, SessionState, SharedSessionStore, Tokens,
};
use crate::seal::Sealer;

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Without a request for this long, a session ends.
    pub idle: Duration,
    /// It ends this long after login, whatever happens.
    pub absolute: Duration,
}

/// The store failed, or holds something that does not open. Never "there is no session": that is a value.
#[derive(Debug, Error)]
pub enum SessionError {
    /// The store could not be asked.
    #[error("the session store failed: {0}")]
    Store(String),
    /// The session ended while it was being changed.
    #[error("the session has ended")]
    Ended,
    /// Another instance has had the turn to refresh it for too long.
    #[error("another instance is refreshing the session and does not finish")]
    Busy,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The person signed out, or the provider did it for them.
    SignedOut,
    /// Its time is over, or its tokens cannot be refreshed any more.
    Expired,
    /// It goes on under another id.
    Replaced,
}

impl EndReason {
    /// As the feed writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
        }
    }

    /// Reads what [`EndReason::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::SignedOut, Self::Expired, Self::Replaced].into_iter().find(|reason| reason.as_str() == text)
    }
}

/// What happened to a session that this instance has in use, wherever it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionSignal {
    /// It is over: its streams close and its exchanged tokens are forgotten.
    Ended(SessionId, EndReason),
    /// It may do other things than before: streams and exchanged tokens are to be made anew.
    PrivilegesChanged(SessionId),
}

/// Every session of this portal: begun, found, changed and ended here and nowhere else.
///
/// What is at rest is sealed. A session that this instance has seen is answered from memory, as long as the store's feed
/// has been heard within the last second; otherwise by one read of the store.
pub struct Sessions {
    pub(super) store: Arc<dyn SharedSessionStore>,
    pub(super) vault: Vault,
    pub(super) cache: Cache,
    pub(super) clock: Arc<dyn Clock>,
    lifetimes: Lifetimes,
    signals: broadcast::Sender<SessionSignal>,
}

/// An idle time is written back at most this often, so that reading a page does not cost a write.
const SEEN_RESOLUTION_SECONDS: i64 = 60;

impl Sessions {
    /// Sessions over `store`.
    pub fn new(
        store: Arc<dyn SharedSessionStore>,
        sealer: Sealer,
        lifetimes: Lifetimes,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let (signals, _) = broadcast::channel(1024);
        let cache = Cache::new(store.feed().is_shared());
        Self { store, vault: Vault::new(sealer, random), cache, clock, lifetimes, signals }
    }

    /// How long sessions live.
    pub fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// What happens to sessions of this instance, as it happens.
    pub fn signals(&self) -> broadcast::Receiver<SessionSignal> {
        self.signals.subscribe()
    }

    /// The sessions of this instance whose access tokens end by `until`.
    pub fn expiring(&self, until: OffsetDateTime) -> Vec<Arc<ActiveSession>> {
        let mut sessions = self.cache.all();
        sessions.retain(|session| session.state().tokens.access_expires_at <= until);
        sessions
    }

    /// How many sessions this instance has in memory.
    pub fn in_memory(&self) -> usize {
        self.cache.len()
    }

    /// Begins a session under a new id.
    pub async fn begin(&self, state: SessionState) -> Result<Arc<ActiveSession>, SessionError> {
        let now = self.clock.now();
        let mut record = self.vault.close(self.vault.new_id(), &state, 1, now, self.lifetimes.idle);
        self.store.create(&mut record).await.map_err(store_error)?;
        self.cache.keep(ActiveSession::new(record.id, state, 1, now)).ok_or(SessionError::Ended)
    }

    /// The session with this id, if it lives; being found counts as being used. Costs at most one read of the store, and
    /// none while the feed is heard.
    pub async fn find(&self, id: &SessionId) -> Result<Option<Arc<ActiveSession>>, SessionError> {
        let cached = self.cache.get(&SessionKey::of(id));
        let session = match cached {
            Some(session) if session.is_current() && self.cache.is_trusted() => session,
            _ => match self.read(id).await? {
                Some(session) => session,
                None => return Ok(None),
            },
        };
        let now = self.clock.now();
        if self.expired(&session, now) {
            self.end(id, EndReason::Expired).await?;
            return Ok(None);
        }
        let alive = self.touch(&session, now).await?;
        Ok(alive.then_some(session))
    }

    /// Replaces the tokens, in the store first: a rotated refresh token is never only in memory.
    pub async fn replace_tokens(&self, session: &ActiveSession, tokens: Tokens) -> Result<(), SessionError> {
        self.change(session, |state| {
            state.tokens = tokens.clone();
            Change::Save
        })
        .await
        .map(drop)
    }

    /// Replaces the tokens and what the person may do where, after a refresh that told both.
    pub async fn replace_tokens_and_organizations(
        &self,
        session: &ActiveSession,
        tokens: Tokens,
        organizations: Vec<Membership>,
    ) -> Result<(), SessionError> {
        self.change(session, |state| {
            state.tokens = tokens.clone();
            if state.organizations == organizations {
                return Change::Save;
            }
            state.organizations = organizations.clone();
            state.renew = true;
            Change::SavePrivileges
        })
        .await
        .map(drop)
    }

    /// Ends `old` and goes on under a new id: at an organization switch and at every change of privilege.
    ///
    /// # Errors
    /// [`SessionError::Ended`] when `old` was over before: it must not live on in another shape.
    pub async fn rotate(
        &self,
        old: &ActiveSession,
        state: SessionState,
    ) -> Result<Arc<ActiveSession>, SessionError> {
        let session = self.begin(state).await?;
        if self.end(&old.id, EndReason::Replaced).await? {
            return Ok(session);
        }
        self.end(&session.id, EndReason::SignedOut).await?;
        Err(SessionError::Ended)
    }

    /// Ends a session everywhere. `false` when it was over already, which changes nothing.
    pub async fn end(&self, id: &SessionId, reason: EndReason) -> Result<bool, SessionError> {
        let was = self.store.end(id, reason).await.map_err(store_error)?;
        self.gone(&SessionKey::of(id), reason);
        Ok(was)
    }

    /// Whether the store answers.
    pub async fn ready(&self) -> Result<(), SessionError> {
        self.store.load(&SessionId::default()).await.map(drop).map_err(store_error)
    }

    /// Ends the sessions of this instance whose time is over, so that their streams close on time.
    pub async fn sweep(&self) -> Result<usize, SessionError> {
        let now = self.clock.now();
        self.cache.forget();
        let mut over = 0;
        for session in self.cache.all() {
            // It may have been used on another instance since.
            if self.expired(&session, now)
                && self.read(&session.id).await?.is_some_and(|s| self.expired(&s, now))
            {
                self.end(&session.id, EndReason::Expired).await?;
                over += 1;
            }
        }
        Ok(over)
    }

    /// Changes a session in the store and here. `change` is applied to the newest state, again where another instance was
    /// faster, so that neither change is lost. Returns whether the session goes on.
    pub async fn change(
        &self,
        session: &ActiveSession,
        change: impl Fn(&mut SessionState) -> Change,
    ) -> Result<bool, SessionError> {
        loop {
            let current = session.current();
            let mut state = (*current.state).clone();
            let privileges = match change(&mut state) {
                Change::None => return Ok(true),
                Change::Save => false,
                Change::SavePrivileges => true,
                Change::End(reason) => {
                    self.end(&session.id, reason).await?;
                    return Ok(false);
                }
            };
            let version = current.version + 1;
            let record = self.record(session, &state, version);
            match self.store.replace(&record, privileges).await.map_err(store_error)? {
                Replaced::Done => {
                    session.take_over(state, version);
                    if privileges {
                        let _ = self.signals.send(SessionSignal::PrivilegesChanged(session.id));
                    }
                    return Ok(true);
                }
                Replaced::Ended => {
                    self.gone(&session.key, EndReason::SignedOut);
                    return Err(SessionError::Ended);
                }
                Replaced::Conflict => {
                    self.read(&session.id).await?.ok_or(SessionError::Ended)?;
                }
            }
        }
    }

    /// Reads a session from the store into memory, whatever memory holds.
    pub(super) async fn read(&self, id: &SessionId) -> Result<Option<Arc<ActiveSession>>, SessionError> {
        let key = SessionKey::of(id);
        let Some(record) = self.store.load(id).await.map_err(store_error)? else {
            // Ended where this instance could not hear of it.
            self.gone(&key, EndReason::SignedOut);
            return Ok(None);
        };
        let Some(opened) = self.vault.open(&record) else {
            // Sealed with a key that has left the ring: it cannot be used again, and the person signs in once more.
            self.end(id, EndReason::Expired).await?;
            return Ok(None);
        };
        let seen = (opened.expires_at - self.lifetimes.idle).min(self.clock.now());
        let session = self.cache.keep(ActiveSession::new(*id, opened.state, opened.version, seen));
        if let Some(session) = &session {
            session.last_seen.fetch_max(seen.unix_timestamp(), Ordering::Relaxed);
        }
        Ok(session)
    }

    /// Whatever ended it: it leaves memory, and those who hold something for it are told, once.
    pub(super) fn gone(&self, key: &SessionKey, reason: EndReason) {
        if let Some(session) = self.cache.remove(key) {
            // Nobody listening is no error: there may be no stream open.
            let _ = self.signals.send(SessionSignal::Ended(session.id, reason));
        }
    }

    pub(super) fn signal(&self, signal: SessionSignal) {
        let _ = self.signals.send(signal);
    }

    pub(super) fn expired(&self, session: &ActiveSession, now: OffsetDateTime) -> bool {
        now >= session.state().ends_at()
            || now.unix_timestamp() - session.seen() >= self.lifetimes.idle.whole_seconds()
    }

    /// Notes that the session is used. `false` when the store says that it is over.
    async fn touch(&self, session: &ActiveSession, now: OffsetDateTime) -> Result<bool, SessionError> {
        let now_seconds = now.unix_timestamp();
        session.last_seen.store(now_seconds, Ordering::Relaxed);
        let saved = session.saved_seen.load(Ordering::Relaxed);
        let turn = &session.saved_seen;
        if now_seconds - saved < SEEN_RESOLUTION_SECONDS
            || turn.compare_exchange(saved, now_seconds, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return Ok(true);
        }
        let ends = (now + self.lifetimes.idle).min(session.state().ends_at());
        let alive = self.store.touch(&session.id, ends).await.map_err(store_error)?;
        if !alive {
            self.gone(&session.key, EndReason::SignedOut);
        }
        Ok(alive)
    }

    fn record(&self, session: &ActiveSession, state: &SessionState, version: i64) -> Record {
        let seen = OffsetDateTime::from_unix_timestamp(session.seen()).unwrap_or(state.created_at);
        self.vault.close(session.id, state, version, seen, self.lifetimes.idle)
    }
}

/// What a change made of a session's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// It is to be kept.
    Save,
    /// It is to be kept, and the session may do other things than before.
    SavePrivileges,
    /// The session ends.
    End(EndReason),
}

pub(super) fn store_error(error: tower_sessions_core::session_store::Error) -> SessionError {
    SessionError::Store(error.to_string())
}

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
