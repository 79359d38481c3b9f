use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Kafka. Without brokers, development uses librdkafka's cluster inside this process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsConfig {
    /// Bootstrap servers, `host:port`; none means the in-process cluster (development only).
    pub brokers: Vec<String>,
    /// Topics that the in-process cluster is made with. On a real cluster they must exist.
    pub topics: Vec<TopicConfig>,
    /// Seconds between `ping` events.
    pub ping_seconds: u64,
    /// A file that holds the 32-byte key, in base64, of stream ids: shared by every instance. Without one, development
    /// keeps a generated one under `data_dir`.
    pub id_key_file: Option<PathBuf>,
    /// The largest event, in bytes.
    pub max_event_bytes: usize,
    /// Events one session may publish per minute.
    pub publish_per_minute: u32,
}

/// A topic of the in-process cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicConfig {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: i32,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self {
            brokers: Vec::new(),
            topics: Vec::new(),
            ping_seconds: 15,
            id_key_file: None,
            max_event_bytes: 256 * 1024,
            publish_per_minute: 300,
        }
    }
}
