use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::RwLock;
use time::OffsetDateTime;

use super::{SessionId, SessionKey, SessionState};

/// A session in use on this instance.
pub struct ActiveSession {
    /// The id in the browser's cookie.
    pub id: SessionId,
    /// What it is called where the id must not stand.
    pub key: SessionKey,
    current: RwLock<Versioned>,
    /// The newest version that the feed told of.
    told: AtomicI64,
    pub(super) last_seen: AtomicI64,
    pub(super) saved_seen: AtomicI64,
    /// Held across a refresh, so that one refresh serves every request of this instance that waits for it.
    pub(super) refreshing: tokio::sync::Mutex<()>,
}

/// A state and the version of the record it came from.
#[derive(Clone)]
pub(super) struct Versioned {
    pub(super) state: Arc<SessionState>,
    pub(super) version: i64,
}

impl ActiveSession {
    pub(super) fn new(id: SessionId, state: SessionState, version: i64, seen: OffsetDateTime) -> Self {
        let seen = seen.unix_timestamp();
        Self {
            id,
            key: SessionKey::of(&id),
            current: RwLock::new(Versioned { state: Arc::new(state), version }),
            told: AtomicI64::new(version),
            last_seen: AtomicI64::new(seen),
            saved_seen: AtomicI64::new(seen),
            refreshing: tokio::sync::Mutex::new(()),
        }
    }

    /// What it is now; a change replaces the value, never alters it.
    pub fn state(&self) -> Arc<SessionState> {
        self.current.read().state.clone()
    }

    /// A short name for forms and pages; no credential.
    pub fn handle(&self) -> String {
        self.key.handle()
    }

    pub(super) fn current(&self) -> Versioned {
        self.current.read().clone()
    }

    /// Takes a newer state over; an older one changes nothing.
    pub(super) fn take_over(&self, state: SessionState, version: i64) {
        let mut current = self.current.write();
        if version > current.version {
            *current = Versioned { state: Arc::new(state), version };
        }
    }

    /// Notes that the store holds this version.
    pub(super) fn heard_of(&self, version: i64) {
        self.told.fetch_max(version, Ordering::Relaxed);
    }

    /// Whether nobody has told of a newer one.
    pub(super) fn is_current(&self) -> bool {
        self.current.read().version >= self.told.load(Ordering::Relaxed)
    }

    pub(super) fn seen(&self) -> i64 {
        self.last_seen.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for ActiveSession {
    /// The id is a credential, so it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveSession").field("key", &self.key).finish_non_exhaustive()
    }
}
