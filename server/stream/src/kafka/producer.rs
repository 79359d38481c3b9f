use std::sync::Arc;

use parking_lot::RwLock;
use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode as Code},
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord, Producer as _},
};

use super::{KafkaConfig, context::LogContext};
use crate::log::{AppendError, Appended, LogError, NewRecord};

type Client = FutureProducer<LogContext>;

/// The idempotent producer, replaced as a whole when librdkafka declares it dead.
pub(super) struct Producer {
    config: KafkaConfig,
    client: RwLock<Arc<Client>>,
}

impl Producer {
    pub(super) fn new(config: &KafkaConfig) -> Result<Self, LogError> {
        Ok(Self { config: config.clone(), client: RwLock::new(connect(config)?) })
    }

    pub(super) async fn append(&self, record: NewRecord) -> Result<Appended, AppendError> {
        let client = Arc::clone(&self.client.read());
        let outcome = deliver(&client, &record).await;
        if let Err(error) = &outcome {
            self.replace_if_dead(&client, error);
        }
        outcome.map_err(append_error)
    }

    /// An idempotent producer can fail for good (fenced, out of sequence): everything after it would fail too.
    fn replace_if_dead(&self, failed: &Arc<Client>, error: &KafkaError) {
        let Some((code, reason)) = failed.client().fatal_error() else { return };
        let mut current = self.client.write();
        if !Arc::ptr_eq(&current, failed) {
            return;
        }
        tracing::error!(kafka.code = ?code, kafka.error = %error, "the event producer died and is replaced: {reason}");
        match connect(&self.config) {
            Ok(fresh) => *current = fresh,
            Err(error) => tracing::error!(%error, "no new event producer could be made"),
        }
    }
}

fn connect(config: &KafkaConfig) -> Result<Arc<Client>, LogError> {
    let client = config.producer().create_with_context(LogContext);
    client.map(Arc::new).map_err(|error| LogError::Fatal(error.to_string()))
}

async fn deliver(client: &Client, record: &NewRecord) -> Result<Appended, KafkaError> {
    let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value.as_bytes()) })
    });
    let message =
        FutureRecord::to(&record.topic).key(&record.key).payload(record.value.as_ref()).headers(headers);
    // Not `send`: it would wait while the queue is full, and a publisher is better told at once.
    let delivery = client.send_result(message).map_err(|(error, _)| error)?;
    match delivery.await {
        Ok(Ok(at)) => Ok(Appended { partition: at.partition, offset: at.offset }),
        Ok(Err((error, _))) => Err(error),
        Err(_canceled) => Err(KafkaError::Canceled),
    }
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
