use portico_telemetry::{Counter, Gauge, Histogram};

/// What the event path has done since the start, for `/metrics`.
#[derive(Debug, Default)]
pub struct StreamMetrics {
    /// Events acknowledged by the log.
    pub published: Counter,
    /// Events that were published already, or just being published, when they were sent again.
    pub publish_repeats: Counter,
    /// Events published without a word from the store in which instances tell each other what they publish.
    pub publish_unclaimed: Counter,
    /// Events that the log did not acknowledge; their publishers were told.
    pub publish_failures: Counter,
    /// From handing an event to the log until it acknowledged it or did not.
    pub publish_duration: Histogram,
    /// Records read from the log.
    pub records: Counter,
    /// Records that were skipped.
    pub skipped: SkippedRecords,
    /// From a record's timestamp until its frame was ready for every receiver.
    pub latency: Histogram,
    /// Frames handed to streams while live.
    pub frames: Counter,
    /// Frames handed to streams that resumed.
    pub frames_replayed: Counter,
    /// Streams opened.
    pub streams_opened: Counter,
    /// Streams that ended, for whatever reason.
    pub streams_closed: Counter,
    /// Streams refused because there were too many.
    pub streams_refused: Counter,
    /// Streams cut because their reader was too slow.
    pub streams_lagged: Counter,
    /// Streams that are on their way from where their client left off to the present.
    pub resuming: Gauge,
    /// Streams that resumed and have reached the present.
    pub resumed: Counter,
    /// Resets told to clients.
    pub resets: Counter,
    /// Reads of older records straight from the log.
    pub history_reads: Counter,
    /// Records that those brought.
    pub history_records: Counter,
    /// Errors of the consumer; it goes on.
    pub consumer_errors: Counter,
    /// Times the consumer was made anew.
    pub consumer_restarts: Counter,
}

/// Records that were skipped, by reason.
#[derive(Debug, Default)]
pub struct SkippedRecords {
    /// No CloudEvent.
    pub unreadable: Counter,
    /// No signature.
    pub unsigned: Counter,
    /// A signature that is malformed, of an unknown key, or of other bytes.
    pub forged: Counter,
    /// A good signature of a producer that does not write to this topic, or is not the event's source.
    pub foreign: Counter,
    /// No organization.
    pub untenanted: Counter,
    /// A (`source`, `id`) that was seen shortly before.
    pub repeated: Counter,
}

impl SkippedRecords {
    /// Each reason with its count.
    pub fn by_reason(&self) -> [(&'static str, &Counter); 6] {
        let Self { unreadable, unsigned, forged, foreign, untenanted, repeated } = self;
        [
            ("unreadable", unreadable),
            ("unsigned", unsigned),
            ("forged", forged),
            ("foreign", foreign),
            ("untenanted", untenanted),
            ("repeated", repeated),
        ]
    }

    /// All of them but repeats, which are to be expected.
    pub fn refused(&self) -> u64 {
        self.by_reason()
            .iter()
            .filter(|(reason, _)| *reason != "repeated")
            .map(|(_, count)| count.get())
            .sum()
    }
}
