//! Events: from remotes into Kafka, and from Kafka to browsers as server-sent events.
//!
//! ```text
//! publish  IncomingEvent::parse -> Publisher::publish -> EventLog::append (acknowledged by all in-sync replicas)
//! stream   EventLog::consume -> hub (position, history, who listens) -> EventStream
//! resume   Last-Event-ID -> position -> [the log's older part] -> [the hub's memory] -> live
//! ```
//!
//! [`EventGateway`] is the way in: one per instance, over an [`EventLog`]. [`KafkaLog`] is the log for a real cluster,
//! [`EmbeddedKafka`] one inside the process; what runs on them is the same.
//!
//! What it promises:
//! - [`Publisher::publish`] returns after the log's acknowledgement or with an error, never in between.
//! - A stream opens with an id. Whoever comes back with an id of this stream, to any instance on the same log with the
//!   same [`IdKey`], goes on just after it, with no event missing and none twice; or is told by `event: reset`.
//! - A record goes to the streams of its `orgid`, of its `userid` where it has one, that asked for its type in its topic.
//! - A slow reader is cut (`event: lagged`) once its queue is full. It resumes like anyone else, and nobody waits for it.
//! - What is published is signed ([`Keyring`]). Records that are no CloudEvent, that nobody has signed who may write them,
//!   or that have no organization, are counted and skipped.
//!
//! An id is a position in every partition, signed, for one organization and, except on events for everyone in it, for
//! one person. It grants nothing: a stream carries what its session may have, whatever the id.

mod binding;
mod config;
mod envelope;
mod event_type;
mod frame;
mod gateway;
mod hub;
mod kafka;
mod log;
mod metrics;
mod position;
mod publisher;
mod record;
mod signature;
mod subscription;

pub use config::{HistoryLimits, StreamConfig, StreamLimits};
pub use envelope::{Author, ConflictError, EnvelopeError, IncomingEvent, MAX_EVENT_BYTES};
pub use event_type::EventType;
pub use gateway::{EventGateway, StreamHealth};
pub use hub::{Backlog, CloseReason, Outlet, OutletSlot, StreamScope, Written};
pub use kafka::{
    EmbeddedKafka, EmbeddedKafkaError, KafkaConfig, KafkaLog, KafkaSasl, KafkaSecurity, KafkaTls,
    SaslMechanism,
};
pub use log::{
    AppendError, Appended, AppenderState, EventLog, LogBatch, LogConsumer, LogError, LogRange, LogRecord,
    NewRecord, PartitionStart, PartitionState, ReadLimit, TopicSpec,
};
pub use metrics::{SkippedRecords, StreamMetrics};
pub use position::{IdKey, IdKeyError};
pub use publisher::{
    Claim, EventDigest, MemoryClaims, PublishError, PublishedEvent, Publisher, RepeatLimits, SharedClaims,
};
pub use signature::{KeyId, KeyIdError, Keyring, Producer, SigningKey, SigningKeyError};
pub use subscription::{EventStream, SubscribeError, Subscription};
