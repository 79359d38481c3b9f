use std::{collections::HashMap, sync::Arc, thread, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use portico_ports::{Random, token};
use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode},
    mocking::MockCluster,
};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::{KafkaConfig, KafkaLog};
use crate::log::{
    AppendError, Appended, AppenderState, EventLog, LogBatch, LogConsumer, LogError, LogRange, NewRecord,
    PartitionStart, PartitionState, ReadLimit, TopicSpec,
};

/// A Kafka cluster inside this process: librdkafka's mock, reachable over TCP on loopback.
///
/// It keeps 5 MiB per partition and nothing across a restart. Clients are the same as for Apache Kafka; only
/// topic creation goes another way, because the mock does not serve the admin protocol.
pub struct EmbeddedKafka {
    log: KafkaLog,
    cluster: ClusterThread,
    created: Mutex<HashMap<Arc<str>, i32>>,
}

/// The stand-in answers a fetch that finds nothing only when this is over, so every event waits for half of it on average.
/// Nobody notices ten milliseconds; at five, empty answers took four hundredths of a core.
const FETCH_WAIT: Duration = Duration::from_millis(20);

/// Why no embedded cluster could be started.
#[derive(Debug, Error)]
#[error("the embedded Kafka cluster did not start: {0}")]
pub struct EmbeddedKafkaError(String);

impl EmbeddedKafka {
    /// Starts a cluster of one broker on a free loopback port.
    pub async fn start(random: &dyn Random) -> Result<Self, EmbeddedKafkaError> {
        let identity = token::<16>(random);
        let (cluster, bootstrap_servers) = ClusterThread::start().await?;
        let config = KafkaConfig {
            identity: Some(identity),
            fetch_wait: FETCH_WAIT,
            ..KafkaConfig::new(bootstrap_servers)
        };
        let log = KafkaLog::new(config).map_err(|error| EmbeddedKafkaError(error.to_string()))?;
        Ok(Self { log, cluster, created: Mutex::default() })
    }

    /// Where other processes reach it: `127.0.0.1:port`.
    pub fn bootstrap_servers(&self) -> &str {
        self.log.bootstrap_servers()
    }
}

#[async_trait]
impl EventLog for EmbeddedKafka {
    async fn append(&self, record: NewRecord) -> Result<Appended, AppendError> {
        self.log.append(record).await
    }

    async fn identity(&self) -> Result<String, LogError> {
        self.log.identity().await
    }

    async fn ensure_topics(&self, topics: &[TopicSpec]) -> Result<(), LogError> {
        for topic in topics {
            if self.created.lock().contains_key(&topic.name) {
                continue;
            }
            self.cluster.create_topic(topic).await?;
            self.created.lock().insert(Arc::clone(&topic.name), topic.partitions);
        }
        Ok(())
    }

    async fn partitions(&self, topics: &[Arc<str>]) -> Result<Vec<PartitionState>, LogError> {
        self.log.partitions(topics).await
    }

    fn appender(&self) -> AppenderState {
        self.log.appender()
    }

    fn consume(&self, from: &[PartitionStart]) -> Result<Box<dyn LogConsumer>, LogError> {
        self.log.consume(from)
    }

    async fn read(&self, ranges: Vec<LogRange>, limit: ReadLimit) -> Result<LogBatch, LogError> {
        self.log.read(ranges, limit).await
    }
}

/// The mock cluster's handle may not leave its thread, so a thread keeps it until this is dropped.
struct ClusterThread {
    commands: mpsc::UnboundedSender<CreateTopic>,
}

struct CreateTopic {
    topic: TopicSpec,
    done: oneshot::Sender<Result<(), LogError>>,
}

impl ClusterThread {
    async fn start() -> Result<(Self, String), EmbeddedKafkaError> {
        let (commands, mut inbox) = mpsc::unbounded_channel::<CreateTopic>();
        let (started, address) = oneshot::channel();
        let serve = move || {
            let cluster = match MockCluster::new(1) {
                Ok(cluster) => cluster,
                Err(error) => return drop(started.send(Err(error.to_string()))),
            };
            // Nobody waits when the start was cancelled; then the inbox is closed too and the thread ends.
            drop(started.send(Ok(cluster.bootstrap_servers())));
            while let Some(CreateTopic { topic, done }) = inbox.blocking_recv() {
                let created = match cluster.create_topic(&topic.name, topic.partitions, 1) {
                    // A client's own request may have created it before.
                    Ok(()) | Err(KafkaError::MockCluster(RDKafkaErrorCode::TopicAlreadyExists)) => Ok(()),
                    Err(error) => Err(LogError::Unavailable(error.to_string())),
                };
                drop(done.send(created));
            }
        };
        thread::Builder::new()
            .name("embedded-kafka".into())
            .spawn(serve)
            .map_err(|error| EmbeddedKafkaError(error.to_string()))?;
        match address.await {
            Ok(Ok(bootstrap_servers)) => Ok((Self { commands }, bootstrap_servers)),
            Ok(Err(reason)) => Err(EmbeddedKafkaError(reason)),
            Err(_) => Err(EmbeddedKafkaError("its thread ended".into())),
        }
    }

    async fn create_topic(&self, topic: &TopicSpec) -> Result<(), LogError> {
        let (done, outcome) = oneshot::channel();
        let gone = || LogError::Fatal("the embedded cluster is gone".into());
        self.commands.send(CreateTopic { topic: topic.clone(), done }).map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
    }
}
