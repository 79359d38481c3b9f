use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{ActiveSession, SessionKey};

/// The sessions that this instance has in memory, and how far they may be trusted.
#[derive(Debug)]
pub(super) struct Cache {
    inner: Mutex<Inner>,
    began: Instant,
    /// When the feed's last beat was handled, in milliseconds since `began`, plus one; zero for never.
    beat: AtomicU64,
    /// Whether other instances share the store. If not, there is nobody to hear of.
    shared: bool,
}

#[derive(Debug, Default)]
struct Inner {
    active: HashMap<SessionKey, Arc<ActiveSession>>,
    /// What the feed told lately, for sessions that are being read from the store at the same moment.
    lately: HashMap<SessionKey, (Told, Instant)>,
}

#[derive(Clone, Copy, Debug)]
enum Told {
    Ended,
    Version(i64),
}

/// A cache is trusted while the feed's last beat is younger than this (DESIGN.md, promise 6).
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// Longer than a read of the store can take.
const LATELY: Duration = Duration::from_secs(60);

impl Cache {
    pub(super) fn new(shared: bool) -> Self {
        Self { inner: Mutex::default(), began: Instant::now(), beat: AtomicU64::new(0), shared }
    }

    pub(super) fn get(&self, key: &SessionKey) -> Option<Arc<ActiveSession>> {
        self.inner.lock().active.get(key).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<ActiveSession>> {
        self.inner.lock().active.values().cloned().collect()
    }

    /// Whether what is in memory may be answered from: whatever another instance did by a second ago has been heard of.
    pub(super) fn is_trusted(&self) -> bool {
        if !self.shared {
            return true;
        }
        let beat = self.beat.load(Ordering::Relaxed);
        beat > 0 && self.began.elapsed() < Duration::from_millis(beat - 1) + TRUSTED_FOR
    }

    pub(super) fn beat(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.beat.store(now + 1, Ordering::Relaxed);
    }

    pub(super) fn distrust(&self) {
        self.beat.store(0, Ordering::Relaxed);
    }

    /// Keeps a session that was just read or begun; one that is there already takes the newer state over, so that all
    /// requests share one refresh turn. None when it ended while it was being read (case 17).
    pub(super) fn keep(&self, fresh: ActiveSession) -> Option<Arc<ActiveSession>> {
        let mut inner = self.inner.lock();
        let told = inner.lately.get(&fresh.key).map(|(told, _)| *told);
        if matches!(told, Some(Told::Ended)) {
            return None;
        }
        let kept = match inner.active.get(&fresh.key) {
            Some(known) => {
                let newer = fresh.current();
                known.take_over((*newer.state).clone(), newer.version);
                known.clone()
            }
            None => {
                let fresh = Arc::new(fresh);
                inner.active.insert(fresh.key, fresh.clone());
                fresh
            }
        };
        if let Some(Told::Version(version)) = told {
            kept.heard_of(version);
        }
        Some(kept)
    }

    /// Takes a session out for good.
    pub(super) fn remove(&self, key: &SessionKey) -> Option<Arc<ActiveSession>> {
        let mut inner = self.inner.lock();
        inner.lately.insert(*key, (Told::Ended, Instant::now()));
        inner.active.remove(key)
    }

    /// Notes a newer version. Returns the session, if it is in memory.
    pub(super) fn heard_of(&self, key: &SessionKey, version: i64) -> Option<Arc<ActiveSession>> {
        let mut inner = self.inner.lock();
        let told = inner.lately.entry(*key).or_insert((Told::Version(version), Instant::now()));
        if let (Told::Version(known), since) = told {
            *known = version.max(*known);
            *since = Instant::now();
        }
        let session = inner.active.get(key).cloned();
        if let Some(session) = &session {
            session.heard_of(version);
        }
        session
    }

    /// Forgets what the feed told long ago.
    pub(super) fn forget(&self) {
        self.inner.lock().lately.retain(|_, (_, since)| since.elapsed() < LATELY);
    }

    pub(super) fn len(&self) -> usize {
        self.inner.lock().active.len()
    }
}
