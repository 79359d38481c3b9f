use serde::{Deserialize, Serialize};

/// Answers that are kept, where a remote's routes declare it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerCacheConfig {
    /// How many bytes of answers are held in memory; with Redis they are there instead. 0 keeps none, there or here.
    pub bytes: u64,
    /// The largest answer that is kept, in bytes.
    pub entry_bytes: usize,
}

impl Default for AnswerCacheConfig {
    fn default() -> Self {
        Self { bytes: 64 * 1024 * 1024, entry_bytes: 1024 * 1024 }
    }
}
