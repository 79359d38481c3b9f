use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use super::LastError;

/// What went otherwise than it should at one upstream, counted. Nothing here is touched while all is well.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) failed: Count,
    pub(crate) refused: Count,
    pub(crate) shed: Count,
    pub(crate) retries: Count,
    pub(crate) hedges: Count,
    pub(crate) retries_denied: Count,
    last_error: Mutex<Option<(Instant, String)>>,
}

/// A number that only goes up.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    /// A call failed, and why.
    pub(crate) fn failed(&self, why: String) {
        self.failed.add();
        *self.last_error.lock() = Some((Instant::now(), why));
    }

    pub(crate) fn last_error(&self) -> Option<LastError> {
        let last = self.last_error.lock();
        last.as_ref().map(|(at, message)| LastError { message: message.clone(), ago: at.elapsed() })
    }
}
