use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

/// Remotes: where their manifests come from, whose signatures count, what they are granted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistryConfig {
    /// Directories of remotes.
    pub directories: Vec<PathBuf>,
    /// URLs of manifests that are hosted elsewhere.
    pub manifests: Vec<Url>,
    /// URLs of further manifests, loaded only with `fixtures`.
    pub fixture_manifests: Vec<Url>,
    /// Load the failing fixtures too. `PORTICO_FIXTURES=1` sets it.
    pub fixtures: bool,
    /// Whose signatures count, for which names.
    pub trusted_keys: Vec<TrustedKeyConfig>,
    /// What each remote, by name or pattern, is granted. The keys of a grant are described in the remote guide.
    pub grants: BTreeMap<String, serde_json::Value>,
    /// Seconds between reloads; 0 loads once.
    pub reload_seconds: u64,
}

/// A public key and the names it may sign.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedKeyConfig {
    /// The key's id, as signatures name it.
    pub id: String,
    /// The Ed25519 public key, 32 bytes in base64.
    pub public_key: String,
    /// Names or patterns such as `@acme/*`.
    pub names: Vec<String>,
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self {
            directories: vec!["remotes".into()],
            manifests: Vec::new(),
            fixture_manifests: Vec::new(),
            fixtures: false,
            trusted_keys: Vec::new(),
            grants: BTreeMap::new(),
            reload_seconds: 2,
        }
    }
}
