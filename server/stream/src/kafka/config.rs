use std::{collections::BTreeMap, time::Duration};

use rdkafka::ClientConfig;

use super::KafkaSecurity;

/// How to reach a Kafka cluster.
#[derive(Clone, Debug)]
pub struct KafkaConfig {
    /// `bootstrap.servers`: host:port, comma-separated.
    pub bootstrap_servers: String,
    /// How long a record may wait for its acknowledgement before the publisher is told that it failed.
    pub delivery_timeout: Duration,
    /// How long a question (metadata, watermarks) may take.
    pub request_timeout: Duration,
    /// How many records may wait for their acknowledgement; more are refused at once.
    pub queue_records: usize,
    /// How many bodies' kibibytes may wait for their acknowledgement.
    pub queue_kibibytes: usize,
    /// How many readers of history may run at once; further ones wait for a place.
    pub readers: usize,
    /// How long a broker may hold a fetch that finds nothing. A real one answers as soon as something arrives, and waits
    /// at most so long; the embedded one always waits, so that this is how late its events are at most.
    pub fetch_wait: Duration,
    /// Whether topics that do not exist are created. Off where the cluster's owner creates them.
    pub create_topics: bool,
    /// Names the log in event ids instead of the cluster's own id. The embedded cluster sets it, because its
    /// own id may come back after a restart that lost everything.
    pub identity: Option<String>,
    /// How brokers and portal are sure of one another.
    pub security: KafkaSecurity,
    /// Further librdkafka properties, which win over the defaults here.
    pub properties: BTreeMap<String, String>,
}

impl KafkaConfig {
    /// The defaults for a cluster at `bootstrap_servers`.
    pub fn new(bootstrap_servers: impl Into<String>) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.into(),
            delivery_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(5),
            queue_records: 10_000,
            queue_kibibytes: 64 * 1024,
            readers: 4,
            fetch_wait: Duration::from_millis(100),
            create_topics: true,
            identity: None,
            security: KafkaSecurity::default(),
            properties: BTreeMap::new(),
        }
    }

    /// An idempotent producer that waits for every in-sync replica.
    pub(super) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "1")
            .set("message.timeout.ms", self.delivery_timeout.as_millis().to_string())
            .set("queue.buffering.max.messages", self.queue_records.to_string())
            .set("queue.buffering.max.kbytes", self.queue_kibibytes.to_string());
        self.overridden(config)
    }

    /// A consumer that is assigned its partitions. The group id is a formality of the client library: nothing is
    /// subscribed, joined or committed.
    pub(super) fn consumer(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("group.id", "portico-stream")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Whoever is outside what a partition holds must be told: going on elsewhere would lose events silently.
            .set("auto.offset.reset", "error")
            .set("fetch.wait.max.ms", self.fetch_wait.as_millis().to_string())
            .set("fetch.error.backoff.ms", "100")
            .set("queued.max.messages.kbytes", "16384");
        self.overridden(config)
    }

    /// A consumer that reads a bounded part and must know where a partition ends.
    pub(super) fn reader(&self) -> ClientConfig {
        let mut config = self.consumer();
        config
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", "10")
            .set("queued.max.messages.kbytes", "4096");
        config
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", "portico")
            .set("allow.auto.create.topics", "false")
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("topic.metadata.refresh.interval.ms", "5000");
        self.security.apply(&mut config);
        config
    }

    fn overridden(&self, mut config: ClientConfig) -> ClientConfig {
        for (key, value) in &self.properties {
            config.set(key, value);
        }
        config
    }
}
