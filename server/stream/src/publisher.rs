use std::{sync::Arc, time::Duration};

use portico_ports::{Clock, Random};
use thiserror::Error;

use crate::{
    envelope::{Author, ConflictError, EnvelopeError, IncomingEvent},
    log::{AppendError, EventLog, NewRecord},
    metrics::StreamMetrics,
};

/// The structured mode of CloudEvents over Kafka (Kafka Protocol Binding 1.0.2, section 3.3).
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=UTF-8";

/// Takes events from remotes into the log.
#[derive(Clone)]
pub struct Publisher {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metrics: Arc<StreamMetrics>,
    timeout: Duration,
}

/// An event that the log has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedEvent {
    /// The event's id: the client's, or the one it was given.
    pub id: String,
}

/// Why an event was not published.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum PublishError {
    /// The envelope is not right: the client's mistake.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It claims to be somebody else's: refused and worth an audit entry.
    #[error(transparent)]
    Conflict(#[from] ConflictError),
    /// The log did not acknowledge it.
    #[error(transparent)]
    Log(#[from] AppendError),
}

impl Publisher {
    pub(crate) fn new(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        metrics: Arc<StreamMetrics>,
        timeout: Duration,
    ) -> Self {
        Self { log, clock, random, metrics, timeout }
    }

    /// Stamps `event` with its author and returns once the log has acknowledged it.
    ///
    /// After [`AppendError::Timeout`] the event may still arrive: publishing is at least once, and a retry with the
    /// same `id` is dropped as a repeat by whoever reads the log.
    pub async fn publish(
        &self,
        event: IncomingEvent,
        author: Author<'_>,
        topic: &Arc<str>,
    ) -> Result<PublishedEvent, PublishError> {
        let stamped = event.stamp(author, self.clock.now(), &*self.random)?;
        let record = NewRecord {
            topic: Arc::clone(topic),
            key: author.user.into(),
            value: stamped.json,
            headers: vec![("content-type", CONTENT_TYPE.into())],
        };
        let appended = tokio::time::timeout(self.timeout, self.log.append(record)).await;
        match appended.unwrap_or(Err(AppendError::Timeout)) {
            Ok(_) => {
                self.metrics.published.increment();
                Ok(PublishedEvent { id: stamped.id })
            }
            Err(error) => {
                self.metrics.publish_failures.increment();
                Err(error.into())
            }
        }
    }
}
