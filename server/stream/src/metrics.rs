use std::sync::atomic::{AtomicU64, Ordering};

/// What the event path has done since the start, for `/metrics`.
#[derive(Debug, Default)]
pub struct StreamMetrics {
    /// Events acknowledged by the log.
    pub published: Counter,
    /// Events that the log did not acknowledge; their publishers were told.
    pub publish_failures: Counter,
    /// Records read from the log.
    pub records: Counter,
    /// Records that are no CloudEvent, or too large: skipped.
    pub records_unreadable: Counter,
    /// Records without an organization: skipped.
    pub records_without_organization: Counter,
    /// Records that repeat a (`source`, `id`) seen shortly before: skipped.
    pub records_repeated: Counter,
    /// Frames handed to streams while live.
    pub frames: Counter,
    /// Frames handed to streams that resumed.
    pub frames_replayed: Counter,
    /// Streams opened.
    pub streams_opened: Counter,
    /// Streams that ended, for whatever reason.
    pub streams_closed: Counter,
    /// Streams cut because their reader was too slow.
    pub streams_lagged: Counter,
    /// Resets told to clients.
    pub resets: Counter,
    /// Reads of older records straight from the log.
    pub history_reads: Counter,
    /// Errors of the consumer; it goes on.
    pub consumer_errors: Counter,
    /// Times the consumer was made anew.
    pub consumer_restarts: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn increment(&self) {
        self.add(1);
    }
}
