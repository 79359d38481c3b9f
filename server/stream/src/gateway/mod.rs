//! The event path of one instance as a whole.

mod consumption;
mod follow;
mod pump;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use parking_lot::Mutex;
use portico_ports::{Clock, Random};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

use self::consumption::Consumption;
use crate::{
    StreamConfig,
    hub::{Backlog, CloseReason, Hub},
    log::{AppenderState, EventLog, LogError, TopicSpec},
    metrics::StreamMetrics,
    publisher::Publisher,
    subscription::{EventStream, Resume, SubscribeError, Subscription},
};

/// Publishes to the log and carries it to streams; one per instance.
///
/// Dropping it stops the consumer and ends every stream.
pub struct EventGateway {
    log: Arc<dyn EventLog>,
    publisher: Publisher,
    metrics: Arc<StreamMetrics>,
    shared: Arc<Shared>,
    pump: JoinHandle<()>,
}

/// What the gateway and its pump both see.
struct Shared {
    config: StreamConfig,
    /// Set once the instance has caught up with the log; streams opened earlier could not say where they began.
    hub: OnceLock<Arc<Hub>>,
    ready: watch::Sender<bool>,
    topics: watch::Sender<Vec<TopicSpec>>,
    contact: Mutex<Contact>,
    consumption: Mutex<Consumption>,
}

/// The last word from the log.
#[derive(Clone, Copy, Default)]
struct Contact {
    at: Option<Instant>,
    lag: u64,
}

/// How the event path is, for readiness and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamHealth {
    /// Whether the instance has caught up since its start, so that streams can be opened.
    pub ready: bool,
    /// Whether the log answered lately.
    pub connected: bool,
    /// Records in the log that this instance has yet to read, when it last looked.
    pub lag: u64,
    /// What is wrong with the consumer, where it has brought nothing for [`StreamConfig::stalled_after`] though the log has
    /// records for it, or has kept failing for so long.
    pub consumer: Option<String>,
    /// The side that publishes.
    pub appender: AppenderState,
    /// Open streams.
    pub streams: usize,
}

impl EventGateway {
    /// Starts following `topics`, creating those that do not exist. Returns at once: while the log cannot be reached,
    /// the gateway is not ready and tries on.
    pub fn start(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        topics: Vec<TopicSpec>,
        config: StreamConfig,
    ) -> Self {
        let metrics = Arc::new(StreamMetrics::default());
        let repeats = (config.repeats, config.claims.clone());
        let keyring = Arc::clone(&config.keyring);
        let publisher = Publisher::new(
            Arc::clone(&log),
            Arc::clone(&clock),
            random,
            Arc::clone(&metrics),
            keyring,
            repeats,
            config.publish_timeout,
        );
        let shared = Arc::new(Shared {
            config,
            hub: OnceLock::new(),
            ready: watch::Sender::new(false),
            topics: watch::Sender::new(topics),
            contact: Mutex::default(),
            consumption: Mutex::default(),
        });
        let pump = pump::run(Arc::clone(&log), Arc::clone(&shared), clock, Arc::clone(&metrics));
        let pump = tokio::spawn(pump);
        Self { log, publisher, metrics, shared, pump }
    }

    /// Waits until streams can be opened.
    pub async fn ready(&self) {
        // Cannot fail: the sender lives in `shared`.
        let _ = self.shared.ready.subscribe().wait_for(|ready| *ready).await;
    }

    /// Follows further topics, creating those that do not exist.
    pub async fn declare_topics(&self, topics: &[TopicSpec]) -> Result<(), LogError> {
        self.log.ensure_topics(topics).await?;
        self.shared.topics.send_if_modified(|known| {
            let before = known.len();
            for topic in topics {
                if known.iter().all(|one| one.name != topic.name) {
                    known.push(topic.clone());
                }
            }
            known.len() > before
        });
        Ok(())
    }

    /// The topics that are followed, or will be as soon as they exist.
    pub fn topics(&self) -> Vec<Arc<str>> {
        self.shared.topics.borrow().iter().map(|topic| Arc::clone(&topic.name)).collect()
    }

    /// The way into the log.
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Opens a stream: at the present, or where the client left off.
    pub fn subscribe(&self, wanted: Subscription<'_>) -> Result<EventStream, SubscribeError> {
        let hub = self.shared.hub.get().ok_or(SubscribeError::NotReady)?;
        let Subscription { session_id, org, user, types, last_event_id } = wanted;
        let left_off = last_event_id
            .filter(|id| !id.is_empty())
            .map(|id| hub.codec.decode(id, org, user, &hub.topics()).map(|decoded| (id, decoded)))
            .transpose()?;
        let subscriber = hub.open(session_id, org, user, types)?;
        let hub = Arc::clone(hub);
        Ok(match left_off {
            None => EventStream::live(hub, subscriber),
            Some((id, decoded)) => {
                let log = Arc::clone(&self.log);
                let resume = Resume::new(Arc::clone(&hub), log, Arc::clone(&subscriber), decoded);
                EventStream::resuming(hub, subscriber, resume, id)
            }
        })
    }

    /// Ends a session's streams and refuses new ones. How many there were.
    pub fn close_session(&self, session_id: &str, reason: CloseReason) -> usize {
        self.shared.hub.get().map_or(0, |hub| hub.close_session(session_id, reason))
    }

    /// How many streams a session has open here.
    pub fn streams_of(&self, session_id: &str) -> usize {
        self.shared.hub.get().map_or(0, |hub| hub.streams_of(session_id))
    }

    /// Ends a session's streams, which it may open again: what it may have has changed. How many there were.
    pub fn interrupt_session(&self, session_id: &str) -> usize {
        let hub = self.shared.hub.get();
        hub.map_or(0, |hub| hub.interrupt_session(session_id, CloseReason::Changed))
    }

    /// Ends every stream so that it is opened again: what sessions may have has changed for all of them. How many there were.
    pub fn interrupt_all(&self) -> usize {
        self.shared.hub.get().map_or(0, |hub| hub.close_where(CloseReason::Changed, |_| true))
    }

    /// Ends a person's streams, in one organization or in all. How many there were.
    pub fn close_user(&self, org: Option<&str>, user: &str, reason: CloseReason) -> usize {
        let Some(hub) = self.shared.hub.get() else { return 0 };
        hub.close_where(reason, |one| *one.user == *user && org.is_none_or(|org| *one.org == *org))
    }

    /// Ends every stream and refuses new ones: the instance goes down.
    pub fn close_all(&self) -> usize {
        self.shared.hub.get().map_or(0, |hub| hub.shut_down())
    }

    /// What the event path has done since the start.
    pub fn metrics(&self) -> &StreamMetrics {
        &self.metrics
    }

    /// What streams have yet to get. Looks at each of them.
    pub fn backlog(&self) -> Backlog {
        self.shared.hub.get().map(|hub| hub.backlog()).unwrap_or_default()
    }

    /// How the event path is now.
    pub fn health(&self) -> StreamHealth {
        let contact = *self.shared.contact.lock();
        let patience = self.shared.config.refresh_interval * 3 + Duration::from_secs(5);
        StreamHealth {
            ready: self.shared.hub.get().is_some(),
            connected: contact.at.is_some_and(|at| at.elapsed() < patience),
            lag: contact.lag,
            consumer: self.shared.consumption.lock().trouble(self.shared.config.stalled_after),
            appender: self.log.appender(),
            streams: self.shared.hub.get().map_or(0, |hub| hub.open_streams()),
        }
    }
}

impl Drop for EventGateway {
    fn drop(&mut self) {
        self.pump.abort();
        self.close_all();
    }
}
