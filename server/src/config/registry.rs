use std::collections::BTreeMap;
use std::path::PathBuf;

use portico_registry::{Grants, HostedManifest, TrustedKey};
use serde::{Deserialize, Serialize};

/// Remotes: where their manifests come from, whose signatures count, what they are granted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistryConfig {
    /// Directories of remotes: `*/dist/remote.json`, or `*/remote.json`.
    pub directories: Vec<PathBuf>,
    /// Manifests that are hosted elsewhere; their files are loaded by the browser from there.
    pub manifests: Vec<HostedManifest>,
    /// Load the fixtures too: remotes that fail on purpose. `PORTICO_FIXTURES=1` sets it.
    pub fixtures: bool,
    /// Hosted manifests that are loaded only with `fixtures`.
    pub fixture_manifests: Vec<HostedManifest>,
    /// Whose signatures count, for which names.
    pub trusted_keys: Vec<TrustedKey>,
    /// What each remote, by name or pattern, is granted.
    pub grants: Grants,
    /// Feature flags by remote name, then by flag: what the remote finds in `ctx.flags`.
    pub flags: BTreeMap<String, BTreeMap<String, bool>>,
    /// Seconds between reloads; 0 loads once.
    pub reload_seconds: u64,
    /// How many bytes of verified files are held in memory.
    pub file_cache_bytes: usize,
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self {
            directories: vec!["remotes".into()],
            manifests: Vec::new(),
            fixtures: false,
            fixture_manifests: Vec::new(),
            trusted_keys: Vec::new(),
            grants: Grants::default(),
            flags: BTreeMap::new(),
            reload_seconds: 2,
            file_cache_bytes: 64 * 1024 * 1024,
        }
    }
}

impl RegistryConfig {
    /// As the registry itself takes it. Only development has a key of its own.
    pub fn for_registry(&self, development_key: Option<PathBuf>) -> portico_registry::RegistryConfig {
        let fixtures = self.fixture_manifests.iter().filter(|_| self.fixtures);
        portico_registry::RegistryConfig {
            directories: self.directories.clone(),
            fixtures: self.fixtures,
            manifests: self.manifests.iter().chain(fixtures).cloned().collect(),
            trusted_keys: self.trusted_keys.clone(),
            development_key,
            grants: self.grants.clone(),
            flags: self.flags.clone(),
            file_cache_bytes: self.file_cache_bytes,
        }
    }
}
