use serde::{Deserialize, Serialize};

/// Where audit events go besides the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// The Kafka topic that gets one CloudEvent for each; none means the log alone.
    pub topic: Option<String>,
    /// How many bytes may wait under `data_dir/audit` for Kafka.
    pub spool_bytes: u64,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { topic: None, spool_bytes: 256 * 1024 * 1024 }
    }
}
