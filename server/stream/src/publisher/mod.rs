//! The way into the log.

mod recent;

use std::{sync::Arc, time::Duration};

use futures::FutureExt as _;
use portico_ports::{Clock, Random};
use thiserror::Error;
use tokio::time::{Instant, timeout};

use self::recent::{Outcome, Recent};
use crate::{
    binding,
    envelope::{Author, ConflictError, EnvelopeError, IncomingEvent, StampedEvent},
    hub::RepeatHasher,
    log::{AppendError, EventLog, NewRecord},
    metrics::StreamMetrics,
    signature::{HEADER, Keyring, Message},
};

/// Takes events from remotes into the log.
#[derive(Clone)]
pub struct Publisher {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metrics: Arc<StreamMetrics>,
    keyring: Arc<Keyring>,
    hasher: Arc<RepeatHasher>,
    recent: Arc<Recent>,
    timeout: Duration,
}

/// Bounds on what is remembered of published events, to recognise that one is sent again.
#[derive(Clone, Copy, Debug)]
pub struct RepeatLimits {
    /// How long an event is remembered.
    pub window: Duration,
    /// How many are, at most; the oldest make room.
    pub events: usize,
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
    /// Its `source` and `id` are those of another event that this person published a moment ago.
    #[error("the id was given to another event")]
    IdReused,
    /// There is no key to sign it with, or none yet.
    #[error("there is no key to sign events with")]
    Unsigned,
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
        keyring: Arc<Keyring>,
        limits: (RepeatLimits, Duration),
    ) -> Self {
        let (repeats, timeout) = limits;
        let (hasher, recent) = (Arc::default(), Arc::new(Recent::new(repeats)));
        Self { log, clock, random, metrics, keyring, hasher, recent, timeout }
    }

    /// Stamps `event` with its author, signs it, and returns once the log has acknowledged it. The same `source` and `id`
    /// of the same person within [`RepeatLimits`] are produced once: whoever asks while the first is under way waits for
    /// its outcome, and whoever asks later is told that it is published.
    ///
    /// The record goes on its way whether or not the caller waits for it. After [`AppendError::Timeout`] the event may
    /// still arrive: publishing is at least once, and a retry with the same `id` is dropped as a repeat by whoever reads
    /// the log.
    pub async fn publish(
        &self,
        event: IncomingEvent,
        author: Author<'_>,
        topic: &Arc<str>,
    ) -> Result<PublishedEvent, PublishError> {
        event.check(author)?;
        let Some(id) = event.id().map(str::to_owned) else {
            let stamped = event.stamp(author, self.clock.now(), &*self.random)?;
            let id = stamped.id.clone();
            let record = self.signed(topic, author.user, stamped)?;
            self.append(record, |_| {}).await?;
            return Ok(PublishedEvent { id });
        };
        let key = self.hasher.key(author.org, Some(author.user), author.remote, &id);
        let fingerprint = self.hasher.fingerprint(&(&**topic, event.content()));
        let begin = || {
            let stamped = event.stamp(author, self.clock.now(), &*self.random)?;
            let record = self.signed(topic, author.user, stamped)?;
            let recent = Arc::clone(&self.recent);
            Ok(self.append(record, move |outcome| recent.settle(key, outcome.is_ok())))
        };
        let (outcome, is_first) = self.recent.enter(Instant::now(), key, fingerprint, begin)?;
        if !is_first {
            self.metrics.publish_repeats.increment();
        }
        outcome.await?;
        Ok(PublishedEvent { id })
    }

    fn signed(&self, topic: &Arc<str>, user: &str, event: StampedEvent) -> Result<NewRecord, PublishError> {
        let StampedEvent { attributes, data, .. } = event;
        let message = Message { topic, key: user.as_bytes(), attributes: &attributes, data: &data };
        let signature = self.keyring.sign(&message).map_err(|_| PublishError::Unsigned)?;
        let mut record = binding::binary(topic, user, &attributes, data);
        record.headers.push((HEADER.into(), signature));
        Ok(record)
    }

    /// Appends on a task of its own: a caller that goes away must not leave open what becomes of the record.
    fn append(
        &self,
        record: NewRecord,
        settle: impl FnOnce(&Result<(), AppendError>) + Send + 'static,
    ) -> Outcome {
        let (log, metrics, limit) = (Arc::clone(&self.log), Arc::clone(&self.metrics), self.timeout);
        let begun = Instant::now();
        let task = tokio::spawn(async move {
            let appended = timeout(limit, log.append(record)).await;
            let outcome = appended.unwrap_or(Err(AppendError::Timeout)).map(drop);
            match &outcome {
                Ok(()) => metrics.published.increment(),
                Err(_) => metrics.publish_failures.increment(),
            }
            metrics.publish_duration.observe(begun.elapsed());
            settle(&outcome);
            outcome
        });
        let joined = task.map(|joined| {
            joined.unwrap_or_else(|error| Err(AppendError::NotDelivered(format!("its task ended: {error}"))))
        });
        joined.boxed().shared()
    }
}
