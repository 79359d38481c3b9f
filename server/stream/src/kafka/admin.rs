use std::{collections::HashSet, sync::Arc, time::Duration};

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::Client,
    consumer::{BaseConsumer, Consumer as _},
    error::RDKafkaErrorCode,
};

use super::{KafkaConfig, consumer::log_error, context::LogContext};
use crate::log::{LogError, PartitionState, TopicSpec};

/// Creates what is missing with the cluster's default replication.
pub(super) async fn create_topics(config: &KafkaConfig, topics: &[TopicSpec]) -> Result<(), LogError> {
    let client: AdminClient<LogContext> =
        config.producer().create_with_context(LogContext).map_err(log_error)?;
    let wanted: Vec<_> = topics
        .iter()
        .map(|topic| NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(-1)))
        .collect();
    let options = AdminOptions::new()
        .request_timeout(Some(config.request_timeout))
        .operation_timeout(Some(config.request_timeout));
    for outcome in client.create_topics(&wanted, &options).await.map_err(log_error)? {
        match outcome {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(LogError::Unavailable(format!("topic {topic}: {code}"))),
        }
    }
    Ok(())
}

/// A client that only asks. Its calls block, so they belong on a blocking thread.
pub(super) struct Inquirer {
    client: BaseConsumer<LogContext>,
    timeout: Duration,
}

impl Inquirer {
    pub(super) fn new(config: &KafkaConfig) -> Result<Self, LogError> {
        let client = config.consumer().create_with_context(LogContext).map_err(log_error)?;
        Ok(Self { client, timeout: config.request_timeout })
    }

    /// The cluster's own id.
    pub(super) fn cluster_id(&self) -> Result<String, LogError> {
        let client: &Client<LogContext> = self.client.client();
        client.fetch_cluster_id(self.timeout).ok_or(LogError::Timeout)
    }

    /// The partitions that exist now, with what each holds.
    pub(super) fn partitions(&self, topics: &[Arc<str>]) -> Result<Vec<PartitionState>, LogError> {
        // One question for all topics; what this client may not see is not in the answer.
        let metadata = self.client.fetch_metadata(None, self.timeout).map_err(log_error)?;
        let wanted: HashSet<&str> = topics.iter().map(AsRef::as_ref).collect();
        let mut states = Vec::new();
        for topic in metadata.topics().iter().filter(|topic| wanted.contains(topic.name())) {
            let name: Arc<str> = topic.name().into();
            for partition in topic.partitions() {
                let (low, high) = self
                    .client
                    .fetch_watermarks(topic.name(), partition.id(), self.timeout)
                    .map_err(log_error)?;
                states.push(PartitionState {
                    topic: Arc::clone(&name),
                    partition: partition.id(),
                    low: low.max(0),
                    high: high.max(0),
                });
            }
        }
        Ok(states)
    }
}
