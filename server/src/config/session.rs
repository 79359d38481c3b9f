use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Session lifetimes and keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionConfig {
    /// Without a request for this long, a session ends (minutes).
    pub idle_minutes: u32,
    /// A session ends this long after login, whatever happens (minutes).
    pub absolute_minutes: u32,
    /// Files that hold 32-byte keys in base64, newest first: the first seals, all open. Without any, development keeps a
    /// generated one under `data_dir`.
    pub key_files: Vec<PathBuf>,
    /// How many streams one session may have open at once.
    pub max_streams: usize,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { idle_minutes: 30, absolute_minutes: 12 * 60, key_files: Vec::new(), max_streams: 20 }
    }
}
