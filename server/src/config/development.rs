use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What only development has. In production every key of it is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DevelopmentConfig {
    /// Example services that are started beside the portal, and started again when they end.
    pub services: Vec<ServiceConfig>,
}

/// A process beside the portal. It finds `PORTICO_ISSUER`, `PORTICO_ISSUERS`, `PORTICO_ORIGIN` and `KAFKA_BROKERS` in its
/// environment, and `PORTICO_SIGNING_KEY` where it writes events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// What the log calls it.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The directory it runs in.
    pub directory: PathBuf,
    /// Further environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The `source` of the events that it writes, one of `events.producers`: it is given the key that was generated for it.
    #[serde(default)]
    pub producer: Option<String>,
    /// Start it only while fixtures are loaded.
    #[serde(default)]
    pub fixtures_only: bool,
}
