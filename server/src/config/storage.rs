use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where sessions, organizations and registry state are kept. Without any of it, a SQLite file under `data_dir` holds
/// them, for one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    /// A file that holds the URL of a PostgreSQL database (`postgres://…`), which several instances share. The environment
    /// variable `PORTICO_DATABASE_URL` holds it otherwise.
    pub database_url_file: Option<PathBuf>,
    /// A file that holds the URL of a Redis server (`redis://…` or `rediss://…`): sessions and exchanged tokens are then
    /// kept there. The environment variable `PORTICO_REDIS_URL` holds it otherwise.
    pub redis_url_file: Option<PathBuf>,
}
