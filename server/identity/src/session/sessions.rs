use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::{Mutex, RwLock};
use portico_ports::{Clock, Random};
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use tokio::sync::broadcast;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::Record;

use super::{Membership, SessionId, SessionState, Tokens};
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

/// A session in use on this instance.
pub struct ActiveSession {
    /// The id in the browser's cookie.
    pub id: SessionId,
    state: RwLock<Arc<SessionState>>,
    last_seen: AtomicI64,
    saved_seen: AtomicI64,
    /// Held across a refresh, so that one refresh serves every request that waits for it.
    refreshing: tokio::sync::Mutex<()>,
}

impl ActiveSession {
    /// What it is now; a refresh replaces the value, never changes it.
    pub fn state(&self) -> Arc<SessionState> {
        self.state.read().clone()
    }

    /// Waits for the right to refresh this session's tokens.
    pub async fn refresh_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.refreshing.lock().await
    }
}

impl fmt::Debug for ActiveSession {
    /// The id is a credential, so it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveSession").field("sub", &self.state().person.sub).finish_non_exhaustive()
    }
}

/// Every session of this portal: begun, found, changed and ended here and nowhere else.
///
/// What is at rest is sealed. A session that this instance has seen is answered from memory.
pub struct Sessions {
    store: Arc<dyn SessionStore>,
    sealer: Sealer,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    active: Mutex<HashMap<SessionId, Arc<ActiveSession>>>,
    ended: broadcast::Sender<(SessionId, EndReason)>,
}

/// An idle time is written back at most this often, so that reading a page does not cost a write.
const SEEN_RESOLUTION_SECONDS: i64 = 60;
const PURPOSE: &str = "session";

impl Sessions {
    /// Sessions over `store`.
    pub fn new(
        store: Arc<dyn SessionStore>,
        sealer: Sealer,
        lifetimes: Lifetimes,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let (ended, _) = broadcast::channel(1024);
        Self { store, sealer, lifetimes, clock, random, active: Mutex::default(), ended }
    }

    /// How long sessions live.
    pub fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// Sessions that ended, as they end: their streams are closed by this.
    pub fn ended(&self) -> broadcast::Receiver<(SessionId, EndReason)> {
        self.ended.subscribe()
    }

    /// Begins a session under a new id.
    pub async fn begin(&self, state: SessionState) -> Result<Arc<ActiveSession>, SessionError> {
        let now = self.clock.now();
        let mut record = self.record(self.new_id(), &state, now);
        self.store.create(&mut record).await.map_err(store_error)?;
        Ok(self.activate(record.id, state, now))
    }

    /// The session with this id, if it lives; being found counts as being used.
    pub async fn find(&self, id: &SessionId) -> Result<Option<Arc<ActiveSession>>, SessionError> {
        let now = self.clock.now();
        let cached = self.active.lock().get(id).cloned();
        let session = match cached {
            Some(session) => session,
            None => match self.load(id, now).await? {
                Some(session) if self.still_stored(id).await? => session,
                _ => return Ok(None),
            },
        };
        if self.expired(&session, now) {
            self.end(id, EndReason::Expired).await?;
            return Ok(None);
        }
        self.touch(&session, now).await?;
        Ok(Some(session))
    }

    /// Replaces the tokens, in the store first: a rotated refresh token is never only in memory.
    pub async fn replace_tokens(&self, session: &ActiveSession, tokens: Tokens) -> Result<(), SessionError> {
        let mut state = (*session.state()).clone();
        state.tokens = tokens;
        self.replace(session, state).await
    }

    /// Replaces the tokens and what the person may do where, after a refresh that told both.
    pub async fn replace_tokens_and_organizations(
        &self,
        session: &ActiveSession,
        tokens: Tokens,
        organizations: Vec<Membership>,
    ) -> Result<(), SessionError> {
        let mut state = (*session.state()).clone();
        (state.tokens, state.organizations) = (tokens, organizations);
        self.replace(session, state).await
    }

    /// Ends `old` and goes on under a new id: at an organization switch and at every change of privilege.
    pub async fn rotate(
        &self,
        old: &ActiveSession,
        state: SessionState,
    ) -> Result<Arc<ActiveSession>, SessionError> {
        let session = self.begin(state).await?;
        self.end(&old.id, EndReason::Replaced).await?;
        Ok(session)
    }

    /// Ends a session here and in the store. Ending one that has ended changes nothing.
    pub async fn end(&self, id: &SessionId, reason: EndReason) -> Result<(), SessionError> {
        self.store.delete(id).await.map_err(store_error)?;
        self.active.lock().remove(id);
        // Nobody listening is no error: there may be no stream open.
        let _ = self.ended.send((*id, reason));
        Ok(())
    }

    /// Whether the store answers.
    pub async fn ready(&self) -> Result<(), SessionError> {
        self.store.load(&SessionId::default()).await.map(drop).map_err(store_error)
    }

    /// Ends the sessions of this instance whose time is over, so that their streams close on time.
    pub async fn sweep(&self) -> Result<usize, SessionError> {
        let now = self.clock.now();
        let over: Vec<_> =
            self.active.lock().values().filter(|s| self.expired(s, now)).map(|session| session.id).collect();
        for id in &over {
            self.end(id, EndReason::Expired).await?;
        }
        Ok(over.len())
    }

    async fn replace(&self, session: &ActiveSession, state: SessionState) -> Result<(), SessionError> {
        if !self.active.lock().contains_key(&session.id) {
            return Err(SessionError::Ended);
        }
        self.store.save(&self.record(session.id, &state, self.clock.now())).await.map_err(store_error)?;
        *session.state.write() = Arc::new(state);
        Ok(())
    }

    async fn load(
        &self,
        id: &SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<Arc<ActiveSession>>, SessionError> {
        let Some(record) = self.store.load(id).await.map_err(store_error)? else { return Ok(None) };
        let opened = record
            .data
            .get(PURPOSE)
            .and_then(|value| value.as_str())
            .and_then(|sealed| self.sealer.open(PURPOSE, sealed).ok())
            .and_then(|plain| serde_json::from_slice::<SessionState>(&plain).ok());
        let Some(state) = opened else {
            // Sealed with a key that has left the ring: it cannot be used again, and the person signs in once more.
            self.store.delete(id).await.map_err(store_error)?;
            return Ok(None);
        };
        let seen = record.expiry_date - self.lifetimes.idle;
        let session = self.activate(*id, state, seen.min(now));
        Ok(Some(session))
    }

    /// A session that was ended while it was being loaded must not live on in memory: whoever ends one takes it out of
    /// the store first and out of memory then, so one look after it went into memory is enough (case 17).
    async fn still_stored(&self, id: &SessionId) -> Result<bool, SessionError> {
        let stored = self.store.load(id).await.map_err(store_error)?.is_some();
        if !stored {
            self.active.lock().remove(id);
        }
        Ok(stored)
    }

    fn activate(&self, id: SessionId, state: SessionState, seen: OffsetDateTime) -> Arc<ActiveSession> {
        let fresh = Arc::new(ActiveSession {
            id,
            state: RwLock::new(Arc::new(state)),
            last_seen: AtomicI64::new(seen.unix_timestamp()),
            saved_seen: AtomicI64::new(seen.unix_timestamp()),
            refreshing: tokio::sync::Mutex::new(()),
        });
        // Two requests may load at once: both must then share one refresh turn.
        self.active.lock().entry(id).or_insert(fresh).clone()
    }

    fn expired(&self, session: &ActiveSession, now: OffsetDateTime) -> bool {
        let seen = session.last_seen.load(Ordering::Relaxed);
        now >= session.state.read().expires_at
            || now.unix_timestamp() - seen >= self.lifetimes.idle.whole_seconds()
    }

    async fn touch(&self, session: &ActiveSession, now: OffsetDateTime) -> Result<(), SessionError> {
        let now_seconds = now.unix_timestamp();
        session.last_seen.store(now_seconds, Ordering::Relaxed);
        let saved = session.saved_seen.load(Ordering::Relaxed);
        if now_seconds - saved < SEEN_RESOLUTION_SECONDS {
            return Ok(());
        }
        if session
            .saved_seen
            .compare_exchange(saved, now_seconds, Ordering::Relaxed, Ordering::Relaxed)
            .is_err()
        {
            return Ok(());
        }
        // A refresh writes the same record: taking its turn keeps an older value from overwriting a newer one.
        let _turn = session.refresh_turn().await;
        let record = self.record(session.id, &session.state(), now);
        match self.store.save(&record).await {
            Ok(()) => Ok(()),
            // It was ended meanwhile: the next request finds that out. Saving it again must never revive it.
            Err(_) if !self.active.lock().contains_key(&session.id) => Ok(()),
            Err(error) => Err(store_error(error)),
        }
    }

    fn record(&self, id: SessionId, state: &SessionState, seen: OffsetDateTime) -> Record {
        let plain = serde_json::to_vec(state).expect("a session state always serializes");
        let sealed = self.sealer.seal(PURPOSE, &plain, self.random.as_ref());
        let expiry_date = (seen + self.lifetimes.idle).min(state.expires_at);
        Record { id, data: HashMap::from([(PURPOSE.to_owned(), sealed.into())]), expiry_date }
    }

    fn new_id(&self) -> SessionId {
        let mut bytes = [0_u8; 16];
        self.random.fill(&mut bytes);
        tower_sessions_core::session::Id(i128::from_le_bytes(bytes))
    }
}

fn store_error(error: tower_sessions_core::session_store::Error) -> SessionError {
    SessionError::Store(error.to_string())
}

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
