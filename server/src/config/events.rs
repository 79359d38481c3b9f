use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{BrokerSecurityConfig, SecretSettings};

/// Kafka. Without brokers, development uses librdkafka's cluster inside this process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsConfig {
    /// Bootstrap servers, `host:port`; none means the in-process cluster (development only).
    pub brokers: Vec<String>,
    /// How brokers and portal are sure of one another.
    pub security: BrokerSecurityConfig,
    /// How many partitions a topic gets that does not exist yet. Which topics there are follows from the manifests.
    pub partitions: i32,
    /// Whether topics that do not exist are created on a real cluster. The in-process one always creates them.
    pub create_topics: bool,
    /// Seconds between `ping` events.
    pub ping_seconds: u64,
    /// A file that holds the 32-byte key, in base64, of stream ids: shared by every instance. Without one, development
    /// keeps a generated one under `data_dir`.
    pub id_key_file: Option<PathBuf>,
    /// Keys of the portal's own events, shared by every instance: the first signs, all verify.
    pub signing_keys: Vec<EventKeySettings>,
    /// Who else writes events, by their `source`.
    pub producers: BTreeMap<String, ProducerSettings>,
    /// Events one session may publish per minute.
    pub publish_per_minute: u32,
    /// Events that all sessions of one organization may publish through one remote per minute.
    pub remote_publish_per_minute: u32,
    /// How long a published event is remembered, in seconds, so that it is produced once however often it is sent.
    pub repeat_seconds: u64,
    /// Streams that one organization may have open on this instance.
    pub streams_per_organization: usize,
    /// Streams that may be open on this instance.
    pub streams: usize,
}

/// A key of the header `portico-signature`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventKeySettings {
    /// What signatures call it. A new key gets a new id.
    pub id: String,
    /// The key: at least 32 bytes in base64.
    pub secret: SecretSettings,
}

/// A service that writes events: `[events.producers."/services/chat"]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProducerSettings {
    /// The topics that it writes to.
    pub topics: Vec<String>,
    /// Its keys, each of which counts. Without any, development generates one.
    pub keys: Vec<EventKeySettings>,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self {
            brokers: Vec::new(),
            security: BrokerSecurityConfig::default(),
            partitions: 4,
            create_topics: false,
            ping_seconds: 15,
            id_key_file: None,
            signing_keys: Vec::new(),
            producers: BTreeMap::new(),
            publish_per_minute: 300,
            remote_publish_per_minute: 6_000,
            repeat_seconds: 600,
            streams_per_organization: 50_000,
            streams: 100_000,
        }
    }
}

impl EventsConfig {
    /// What types cannot say.
    pub(super) fn problems(&self, production: bool) -> Vec<String> {
        let mut problems = self.security.problems();
        let mut ids = BTreeSet::new();
        let all = self.producers.values().flat_map(|producer| &producer.keys).chain(&self.signing_keys);
        for key in all.filter(|key| !ids.insert(&key.id)) {
            problems.push(format!("events: the key id {:?} stands twice; each key has its own", key.id));
        }
        for (source, producer) in &self.producers {
            if source.is_empty() || source.starts_with('@') {
                problems.push(format!(
                    "events.producers.{source:?}: a producer is named by its events' source, and remotes are no producers"
                ));
            }
            if producer.topics.is_empty() {
                problems.push(format!(
                    "events.producers.{source:?}.topics must name the topics that it writes to"
                ));
            }
            if production && producer.keys.is_empty() {
                problems.push(format!("events.producers.{source:?}.keys must name at least one key"));
            }
        }
        problems
    }
}
