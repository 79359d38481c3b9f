use std::{sync::Arc, time::Duration};

use crate::{
    position::IdKey,
    publisher::{RepeatLimits, SharedClaims},
    signature::Keyring,
};

/// How the event path behaves. Start from [`StreamConfig::new`] and change what differs.
#[derive(Clone)]
pub struct StreamConfig {
    /// Signs event ids; the same on every instance behind one origin.
    pub id_key: IdKey,
    /// Keys that signed ids before; they are still accepted.
    pub former_id_keys: Vec<IdKey>,
    /// Signs what is published, and tells whose records count.
    pub keyring: Arc<Keyring>,
    /// How often a quiet stream shows that it lives.
    pub ping_interval: Duration,
    /// How long a browser waits before it reconnects; each is told a time between this and twice as much.
    pub retry: Duration,
    /// Over how long the clients of an instance that goes down come back.
    pub shutdown_spread: Duration,
    /// How long a publisher waits for the log, whatever the log's own limits are.
    pub publish_timeout: Duration,
    /// What is remembered of published events.
    pub repeats: RepeatLimits,
    /// What other instances publish; none where there is one instance.
    pub claims: Option<Arc<dyn SharedClaims>>,
    /// How often new topics and partitions are looked for, and recreated ones noticed.
    pub refresh_interval: Duration,
    /// How long the consumer may bring nothing of a partition, though the log has records for it, or fail again and again,
    /// before the instance is not ready.
    pub stalled_after: Duration,
    /// How long the consumer may bring nothing of a partition, though the log has records for it, before it is made anew.
    pub stuck_after: Duration,
    /// What may be open and queued.
    pub limits: StreamLimits,
    /// What is remembered for streams that resume.
    pub history: HistoryLimits,
}

/// Bounds on streams.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// Open streams per session: tabs, with room for one that is about to be noticed dead.
    pub per_session: usize,
    /// Open streams per organization, so that none can use up the instance.
    pub per_organization: usize,
    /// Open streams on this instance.
    pub per_instance: usize,
    /// Bytes that may wait for one slow reader before it is cut. They wait in the history, where all share them.
    pub queue_bytes: usize,
    /// Frames that may wait for one slow reader before it is cut.
    pub queue_frames: usize,
}

/// Bounds on what this instance remembers of the log.
#[derive(Clone, Copy, Debug)]
pub struct HistoryLimits {
    /// Bytes of recent frames that are kept; older ones are read from the log.
    pub bytes: usize,
    /// How many records of each partition are read at the start, so that history reaches back before it.
    pub preload_records: i64,
    /// How many events are remembered to recognise repeats.
    pub repeat_window: usize,
    /// How many records one read from the log brings at most.
    pub read_records: usize,
    /// How many bytes one read from the log brings, roughly.
    pub read_bytes: usize,
    /// How long a read waits for the log to go on before it is tried anew.
    pub read_patience: Duration,
}

impl StreamConfig {
    /// The defaults, with the key that signs event ids and those that sign events.
    pub fn new(id_key: IdKey, keyring: Arc<Keyring>) -> Self {
        Self {
            id_key,
            former_id_keys: Vec::new(),
            keyring,
            ping_interval: Duration::from_secs(15),
            retry: Duration::from_millis(1500),
            shutdown_spread: Duration::from_secs(5),
            repeats: RepeatLimits { window: Duration::from_secs(600), events: 1 << 16 },
            claims: None,
            publish_timeout: Duration::from_secs(12),
            refresh_interval: Duration::from_secs(2),
            stalled_after: Duration::from_secs(10),
            stuck_after: Duration::from_secs(30),
            limits: StreamLimits {
                per_session: 8,
                per_organization: 50_000,
                per_instance: 100_000,
                queue_bytes: 1 << 20,
                queue_frames: 4096,
            },
            history: HistoryLimits {
                bytes: 64 << 20,
                preload_records: 1000,
                repeat_window: 1 << 16,
                read_records: 4096,
                read_bytes: 2 << 20,
                read_patience: Duration::from_secs(5),
            },
        }
    }
}
