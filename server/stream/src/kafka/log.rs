use std::sync::Arc;

use async_trait::async_trait;
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{
    KafkaConfig,
    admin::{self, Inquirer},
    consumer::AssignedConsumer,
    producer::Producer,
    reader,
};
use crate::log::{
    AppendError, Appended, AppenderState, EventLog, LogBatch, LogConsumer, LogError, LogRange, NewRecord,
    PartitionStart, PartitionState, ReadLimit, TopicSpec,
};

/// Kafka as the event log.
pub struct KafkaLog {
    config: Arc<KafkaConfig>,
    producer: Producer,
    inquirer: Arc<Inquirer>,
    readers: Semaphore,
}

impl KafkaLog {
    /// Makes the clients; connecting happens in the background.
    ///
    /// Fails when librdkafka refuses a property.
    pub fn new(config: KafkaConfig) -> Result<Self, LogError> {
        Ok(Self {
            producer: Producer::new(&config)?,
            inquirer: Arc::new(Inquirer::new(&config)?),
            readers: Semaphore::new(config.readers.max(1)),
            config: Arc::new(config),
        })
    }

    /// Where the cluster is: `host:port`, comma-separated.
    pub fn bootstrap_servers(&self) -> &str {
        &self.config.bootstrap_servers
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn append(&self, record: NewRecord) -> Result<Appended, AppendError> {
        self.producer.append(record).await
    }

    async fn identity(&self) -> Result<String, LogError> {
        if let Some(identity) = &self.config.identity {
            return Ok(identity.clone());
        }
        let inquirer = Arc::clone(&self.inquirer);
        blocking(move || inquirer.cluster_id()).await
    }

    async fn ensure_topics(&self, topics: &[TopicSpec]) -> Result<(), LogError> {
        let names: Vec<_> = topics.iter().map(|topic| Arc::clone(&topic.name)).collect();
        let existing = self.partitions(&names).await?;
        let missing: Vec<_> = topics
            .iter()
            .filter(|topic| existing.iter().all(|state| state.topic != topic.name))
            .cloned()
            .collect();
        if missing.is_empty() || !self.config.create_topics {
            return Ok(());
        }
        admin::create_topics(&self.config, &missing).await
    }

    async fn partitions(&self, topics: &[Arc<str>]) -> Result<Vec<PartitionState>, LogError> {
        let (inquirer, topics) = (Arc::clone(&self.inquirer), topics.to_vec());
        blocking(move || inquirer.partitions(&topics)).await
    }

    fn appender(&self) -> AppenderState {
        self.producer.state()
    }

    fn consume(&self, from: &[PartitionStart]) -> Result<Box<dyn LogConsumer>, LogError> {
        Ok(Box::new(AssignedConsumer::start(&self.config, from)?))
    }

    async fn read(&self, ranges: Vec<LogRange>, limit: ReadLimit) -> Result<LogBatch, LogError> {
        // The place is given back after this one batch, so that a slow client does not keep it.
        let _place = self.readers.acquire().await.map_err(|_| LogError::Fatal("readers closed".into()))?;
        let config = Arc::clone(&self.config);
        blocking(move || reader::read(&config, &ranges, limit)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(LogError::Unavailable(error.to_string())))
}
