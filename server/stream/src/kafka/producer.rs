use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::{Mutex, RwLock};
use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode as Code},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer as _},
};
use tokio::sync::oneshot;

use super::{
    KafkaConfig,
    reports::{Reports, connect},
};
use crate::log::{AppendError, Appended, AppenderState, LogError, NewRecord};

type Client = BaseProducer<Reports>;

/// How long a client that replaced a dead one is watched, unless it delivers before. What killed the first (an
/// authorization that is missing, another producer under its id) shows in the second within a moment.
const PROBATION: Duration = Duration::from_secs(10);

/// The idempotent producer, replaced as a whole when it is beyond repair.
pub(super) struct Producer {
    config: KafkaConfig,
    client: RwLock<Arc<Client>>,
    deaths: Mutex<Deaths>,
}

#[derive(Default)]
struct Deaths {
    count: u64,
    /// The last one, until the client that came after it has delivered or outlived its probation.
    last: Option<(Instant, String)>,
}

impl Producer {
    pub(super) fn new(config: &KafkaConfig) -> Result<Self, LogError> {
        Ok(Self { config: config.clone(), client: RwLock::new(connect(config)?), deaths: Mutex::default() })
    }

    pub(super) async fn append(&self, record: NewRecord) -> Result<Appended, AppendError> {
        let client = self.living();
        let outcome = deliver(&client, &record).await;
        match &outcome {
            Ok(_) => self.deaths.lock().last = None,
            Err(error) => self.replace_if_dead(&client, Some(error)),
        }
        outcome.map_err(append_error)
    }

    /// Replaces the client if it died, without waiting for a record that would find out.
    pub(super) fn state(&self) -> AppenderState {
        drop(self.living());
        let mut deaths = self.deaths.lock();
        let is_over = deaths.last.as_ref().is_some_and(|(at, _)| at.elapsed() > PROBATION);
        if is_over {
            deaths.last = None;
        }
        AppenderState { restarts: deaths.count, failure: deaths.last.as_ref().map(|(_, why)| why.clone()) }
    }

    /// The client, or the one that takes its place if it died since it was used last: it may have been refused before the
    /// portal was given its rights.
    fn living(&self) -> Arc<Client> {
        let client = Arc::clone(&self.client.read());
        match client.client().fatal_error() {
            None => client,
            Some(_) => {
                self.replace_if_dead(&client, None);
                Arc::clone(&self.client.read())
            }
        }
    }

    /// An idempotent producer can fail for good (fenced, out of sequence): everything after it would fail too.
    fn replace_if_dead(&self, client: &Arc<Client>, error: Option<&KafkaError>) {
        let fatal = client.client().fatal_error().or_else(|| error.and_then(disowned));
        let Some((code, reason)) = fatal else { return };
        let mut current = self.client.write();
        if !Arc::ptr_eq(&current, client) {
            return;
        }
        tracing::error!(kafka.code = ?code, "the event producer died and is replaced: {reason}");
        let mut deaths = self.deaths.lock();
        deaths.count += 1;
        deaths.last = Some((Instant::now(), reason));
        match connect(&self.config) {
            Ok(fresh) => *current = fresh,
            Err(error) => tracing::error!(%error, "no new event producer could be made"),
        }
    }
}

/// Where the broker knows somebody else under the client's id, or nobody. librdkafka would count on from its own epoch by itself, and
/// may come by one that is taken: what it sends then would be refused again, or be mistaken for what the other has sent.
fn disowned(error: &KafkaError) -> Option<(Code, String)> {
    let code = error.rdkafka_error_code()?;
    let is_disowned =
        matches!(code, Code::InvalidProducerEpoch | Code::ProducerFenced | Code::UnknownProducerId);
    is_disowned.then(|| (code, error.to_string()))
}

async fn deliver(client: &Client, record: &NewRecord) -> Result<Appended, KafkaError> {
    let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value.as_bytes()) })
    });
    let (report, delivery) = oneshot::channel();
    let message = BaseRecord::with_opaque_to(&record.topic, Box::new(report));
    let message = message.key(&record.key).payload(record.value.as_ref()).headers(headers);
    // A full queue is told at once: a publisher is better served by that than by waiting.
    client.send(message).map_err(|(error, _)| error)?;
    // Nobody is left to tell where the client was dropped.
    delivery.await.unwrap_or(Err(KafkaError::Canceled))
}

fn append_error(error: KafkaError) -> AppendError {
    match error.rdkafka_error_code() {
        Some(Code::QueueFull) => AppendError::QueueFull,
        Some(Code::MessageTimedOut | Code::RequestTimedOut) => AppendError::Timeout,
        Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize) => AppendError::TooLarge,
        Some(
            Code::UnknownTopic
            | Code::UnknownTopicOrPartition
            | Code::UnknownPartition
            | Code::TopicAuthorizationFailed
            | Code::InvalidTopic,
        ) => AppendError::TopicUnavailable(error.to_string()),
        _ => AppendError::NotDelivered(error.to_string()),
    }
}
