//! The way into the log.

mod claims;
mod recent;

use std::{sync::Arc, time::Duration};

use futures::FutureExt as _;
use portico_ports::{Clock, Random, token};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout};

pub use self::claims::{Claim, EventDigest, MemoryClaims, SharedClaims};
use self::recent::{Outcome, Recent};
use crate::{
    binding,
    envelope::{Author, ConflictError, EnvelopeError, IncomingEvent, StampedEvent},
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
    recent: Arc<Recent>,
    claims: Option<Arc<dyn SharedClaims>>,
    window: Duration,
    timeout: Duration,
}

/// How often another instance is asked whether it has published what it claimed.
const LOOK: Duration = Duration::from_millis(20);
/// How much longer than the log a claim has, so that it does not end before the log has answered.
const MARGIN: Duration = Duration::from_secs(3);

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
        (repeats, claims): (RepeatLimits, Option<Arc<dyn SharedClaims>>),
        timeout: Duration,
    ) -> Self {
        let (recent, window) = (Arc::new(Recent::new(repeats)), repeats.window);
        Self { log, clock, random, metrics, keyring, recent, claims, window, timeout }
    }

    /// Stamps `event` with its author, signs it, and returns once the log has acknowledged it. The same `source` and `id`
    /// of the same person within [`RepeatLimits`] are produced once, by whichever instance of those that share claims: whoever
    /// asks while the first is under way waits for its outcome, and whoever asks later is told that it is published.
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
            let publisher = self.clone();
            spawned(async move { publisher.append(record).await }).await?;
            return Ok(PublishedEvent { id });
        };
        let digest = EventDigest::of(&event, author, &id, topic);
        let begin = || {
            let stamped = event.stamp(author, self.clock.now(), &*self.random)?;
            let record = self.signed(topic, author.user, stamped)?;
            let publisher = self.clone();
            Ok(spawned(async move {
                let outcome = publisher.append_once(record, &digest).await;
                publisher.recent.settle(&digest, outcome.is_ok());
                outcome
            }))
        };
        let (outcome, is_first) = self.recent.enter(Instant::now(), digest, begin)?;
        if !is_first {
            self.metrics.publish_repeats.increment();
        }
        outcome.await?;
        Ok(PublishedEvent { id })
    }

    /// Appends unless another instance has.
    async fn append_once(&self, record: NewRecord, event: &EventDigest) -> Result<(), PublishError> {
        let Some(claims) = &self.claims else { return self.append(record).await };
        let owner = token::<12>(&*self.random);
        if !self.claim(claims.as_ref(), event, &owner).await? {
            self.metrics.publish_repeats.increment();
            return Ok(());
        }
        let outcome = self.append(record).await;
        match &outcome {
            Ok(()) => claims.settle(event, self.window).await,
            Err(_) => claims.release(event, &owner).await,
        }
        outcome
    }

    /// Whether the event is this instance's to publish; if not, another one has. Without an answer it is: events that come
    /// twice are dropped by whoever reads them, and one that is not published is lost.
    async fn claim(
        &self,
        claims: &dyn SharedClaims,
        event: &EventDigest,
        owner: &str,
    ) -> Result<bool, PublishError> {
        let until = Instant::now() + self.timeout;
        loop {
            match claims.claim(event, owner, self.timeout + MARGIN).await {
                Some(Claim::Yours) => return Ok(true),
                Some(Claim::Published) => return Ok(false),
                Some(Claim::Reused) => return Err(PublishError::IdReused),
                Some(Claim::Underway) if Instant::now() > until => return Err(AppendError::Timeout.into()),
                Some(Claim::Underway) => sleep(LOOK).await,
                None => {
                    self.metrics.publish_unclaimed.increment();
                    return Ok(true);
                }
            }
        }
    }

    fn signed(&self, topic: &Arc<str>, user: &str, event: StampedEvent) -> Result<NewRecord, PublishError> {
        let StampedEvent { attributes, data, .. } = event;
        let message = Message { topic, key: user.as_bytes(), attributes: &attributes, data: &data };
        let signature = self.keyring.sign(&message).map_err(|_| PublishError::Unsigned)?;
        let mut record = binding::binary(topic, user, &attributes, data);
        record.headers.push((HEADER.into(), signature));
        Ok(record)
    }

    async fn append(&self, record: NewRecord) -> Result<(), PublishError> {
        let begun = Instant::now();
        let appended = timeout(self.timeout, self.log.append(record)).await;
        let outcome = appended.unwrap_or(Err(AppendError::Timeout)).map(drop);
        match &outcome {
            Ok(()) => self.metrics.published.increment(),
            Err(_) => self.metrics.publish_failures.increment(),
        }
        self.metrics.publish_duration.observe(begun.elapsed());
        Ok(outcome?)
    }
}

/// On a task of its own: a caller that goes away must not leave open what becomes of the record.
fn spawned(append: impl Future<Output = Result<(), PublishError>> + Send + 'static) -> Outcome {
    let joined = tokio::spawn(append).map(|joined| {
        joined
            .unwrap_or_else(|error| Err(AppendError::NotDelivered(format!("its task ended: {error}")).into()))
    });
    joined.boxed().shared()
}
