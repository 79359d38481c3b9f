//! The port to the event log: what the stream needs of Kafka, and nothing else.

use std::{borrow::Cow, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

/// An append-only log of records in topics and partitions, kept outside this process.
///
/// One implementation exists, [`KafkaLog`](crate::KafkaLog), for Apache Kafka and for the in-process cluster alike.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends one record and returns once every in-sync replica has it.
    async fn append(&self, record: NewRecord) -> Result<Appended, AppendError>;

    /// Names the log as a whole, so that a position in another one is recognised.
    async fn identity(&self) -> Result<String, LogError>;

    /// Creates the topics that do not exist; those that do stay as they are.
    async fn ensure_topics(&self, topics: &[TopicSpec]) -> Result<(), LogError>;

    /// The partitions of `topics` with their first and next offsets. A topic that does not exist is left out.
    async fn partitions(&self, topics: &[Arc<str>]) -> Result<Vec<PartitionState>, LogError>;

    /// How the side that appends is. A client that failed for good is replaced, whether or not anything is to be appended.
    fn appender(&self) -> AppenderState;

    /// Follows the given partitions, each from its offset on, until the consumer is dropped.
    fn consume(&self, from: &[PartitionStart]) -> Result<Box<dyn LogConsumer>, LogError>;

    /// Reads a part of the log, the partitions' records merged by timestamp, as much as `limit` lets through.
    async fn read(&self, ranges: Vec<LogRange>, limit: ReadLimit) -> Result<LogBatch, LogError>;
}

/// The side of the log that appends, as far as is known without trying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppenderState {
    /// How many clients have failed for good and were replaced.
    pub restarts: u64,
    /// Why the last one failed, until its successor has proved itself.
    pub failure: Option<String>,
}

/// A running consumer.
#[async_trait]
pub trait LogConsumer: Send {
    /// Waits for records and appends all that are ready, at most `max`, to `records`.
    async fn next(&mut self, records: &mut Vec<LogRecord>, max: usize) -> Result<(), LogError>;
}

/// A topic as it should be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// The topic's name.
    pub name: Arc<str>,
    /// How many partitions a new topic gets.
    pub partitions: i32,
}

/// A record to append.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Where to.
    pub topic: Arc<str>,
    /// Records with one key keep their order.
    pub key: String,
    /// The body.
    pub value: Bytes,
    /// Headers, in order.
    pub headers: Vec<(Cow<'static, str>, String)>,
}

/// Where an appended record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The partition that the key chose.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
}

/// A record as the log has it.
#[derive(Clone, Debug)]
pub struct LogRecord {
    /// The topic; shared, not copied, between records.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The offset within the partition.
    pub offset: i64,
    /// Milliseconds since 1970; -1 when the log has none.
    pub timestamp: i64,
    /// The key, where it has one.
    pub key: Option<Bytes>,
    /// Headers in order; `None` where one has a name that is no text.
    pub headers: Option<Vec<(Box<str>, Bytes)>>,
    /// The body; `None` for a tombstone.
    pub value: Option<Bytes>,
}

/// What a partition holds at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionState {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The offset of the oldest record that retention has left.
    pub low: i64,
    /// The offset that the next record will get.
    pub high: i64,
}

/// Where consumption of a partition starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionStart {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The first offset wanted.
    pub offset: i64,
}

/// A part of one partition: `from` inclusive to `to` exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRange {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The first offset wanted.
    pub from: i64,
    /// The first offset no longer wanted.
    pub to: i64,
}

/// How much one read may bring, and how long it may wait for the log to go on.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimit {
    /// The most records.
    pub records: usize,
    /// The most bytes of bodies; the record that crosses it is still included.
    pub bytes: usize,
    /// The longest wait without any progress.
    pub patience: Duration,
}

/// What a read brought.
#[derive(Debug, Default)]
pub struct LogBatch {
    /// The records, merged by timestamp, in offset order within a partition.
    pub records: Vec<LogRecord>,
    /// Whether every range was read to its end.
    pub complete: bool,
}

/// Why a record was not acknowledged.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum AppendError {
    /// The producer's queue is full: the log is slower than its writers. Nothing was written.
    #[error("the queue to the event log is full")]
    QueueFull,
    /// No acknowledgement within the time limit. The record may or may not be in the log.
    #[error("the event log did not acknowledge in time")]
    Timeout,
    /// The record is larger than the log takes.
    #[error("the record is larger than the event log takes")]
    TooLarge,
    /// The topic does not exist or this producer may not write to it.
    #[error("the topic cannot be written: {0}")]
    TopicUnavailable(String),
    /// The log refused the record, or its connection failed for good.
    #[error("the event log did not take the record: {0}")]
    NotDelivered(String),
}

/// Why the log could not be asked or read.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum LogError {
    /// No answer within the time limit.
    #[error("the event log did not answer in time")]
    Timeout,
    /// The client is beyond repair and has to be made anew.
    #[error("the event log's client failed for good: {0}")]
    Fatal(String),
    /// An offset was asked for that a partition does not have, or no longer has.
    #[error("an offset is outside what the event log holds")]
    OutOfRange,
    /// Anything that may pass: a broker down, a leader moving.
    #[error("the event log is unavailable: {0}")]
    Unavailable(String),
}
