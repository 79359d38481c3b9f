use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Kafka. Without brokers, development uses librdkafka's cluster inside this process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsConfig {
    /// Bootstrap servers, `host:port`; none means the in-process cluster (development only).
    pub brokers: Vec<String>,
    /// How many partitions a topic gets that does not exist yet. Which topics there are follows from the manifests.
    pub partitions: i32,
    /// Whether topics that do not exist are created on a real cluster. The in-process one always creates them.
    pub create_topics: bool,
    /// Seconds between `ping` events.
    pub ping_seconds: u64,
    /// A file that holds the 32-byte key, in base64, of stream ids: shared by every instance. Without one, development
    /// keeps a generated one under `data_dir`.
    pub id_key_file: Option<PathBuf>,
    /// Events one session may publish per minute.
    pub publish_per_minute: u32,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self {
            brokers: Vec::new(),
            partitions: 4,
            create_topics: false,
            ping_seconds: 15,
            id_key_file: None,
            publish_per_minute: 300,
        }
    }
}
