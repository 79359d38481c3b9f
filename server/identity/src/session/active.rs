use std::any::Any;
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
    /// What was made of a state, until there is another.
    derived: RwLock<Option<Derived>>,
    /// Held across a refresh, so that one refresh serves every request of this instance that waits for it.
    pub(super) refreshing: tokio::sync::Mutex<()>,
}

/// The state that something was made of, and what it is.
type Derived = (Arc<SessionState>, Arc<dyn Any + Send + Sync>);

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
            derived: RwLock::default(),
            refreshing: tokio::sync::Mutex::new(()),
        }
    }

    /// What it is now; a change replaces the value, never alters it.
    pub fn state(&self) -> Arc<SessionState> {
        self.current.read().state.clone()
    }

    /// What it is now, and what `derive` makes of that: made once, kept until the session changes. There is room for one
    /// kind of thing; another takes its place.
    pub fn derived<T: Send + Sync + 'static>(
        &self,
        derive: impl FnOnce(&SessionState) -> Arc<T>,
    ) -> (Arc<SessionState>, Arc<T>) {
        let state = self.state();
        let known = self.derived.read().as_ref().filter(|(of, _)| Arc::ptr_eq(of, &state)).cloned();
        if let Some(Ok(known)) = known.map(|(_, known)| known.downcast()) {
            return (state, known);
        }
        let made = derive(&state);
        *self.derived.write() = Some((state.clone(), made.clone()));
        (state, made)
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
