use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use portico_contracts::manifest::{BACKEND_URL, FILE_PATH};
use serde::{Deserialize, Serialize};

use crate::grants::Grants;
use crate::signature::{TrustedKey, TrustedKeys};

/// Where manifests come from, whose signatures count, and what each remote may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistryConfig {
    /// Directories of remotes: `*/dist/remote.json`, or `*/remote.json` in one that was prepared for serving.
    pub directories: Vec<PathBuf>,
    /// Whether `fixtures/*/dist/remote.json` below them are read too: remotes that fail on purpose.
    pub fixtures: bool,
    /// Manifests at URLs.
    pub manifests: Vec<HostedManifest>,
    /// The keys whose signatures count.
    pub trusted_keys: Vec<TrustedKey>,
    /// Development only: the file with the key that signs what is unsigned in `directories`, made at first use. Without
    /// it nothing is signed here, as it must be in production.
    pub development_key: Option<PathBuf>,
    /// What each remote may ask for, by name or pattern.
    pub grants: Grants,
    /// Feature flags by remote name, then by flag: what the remote finds in `ctx.flags`.
    pub flags: BTreeMap<String, BTreeMap<String, bool>>,
    /// How many bytes of verified files are held in memory.
    pub file_cache_bytes: usize,
}

/// A manifest at a URL. Its files are loaded by the browser from where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostedManifest {
    /// Its URL, which ends in the manifest's file name, such as `https://cdn.example/todos/remote.json`.
    pub url: String,
    /// Development only: sign what is found there with the development key, as it is at first sight. A version that
    /// changes afterwards is refused until the portal restarts.
    #[serde(default)]
    pub development_sign: bool,
}

/// A value that the registry cannot work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key below the registry's part of the configuration, such as `grants."@acme/todos".audiences`.
    pub key: String,
    /// What is expected.
    pub reason: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self {
            directories: Vec::new(),
            fixtures: false,
            manifests: Vec::new(),
            trusted_keys: Vec::new(),
            development_key: None,
            grants: Grants::default(),
            flags: BTreeMap::new(),
            // The built examples are a tenth of that; beyond it files are read again, not refused.
            file_cache_bytes: 64 * 1024 * 1024,
        }
    }
}

impl RegistryConfig {
    /// Everything in it that the registry cannot work with.
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = self.grants.problems();
        for (i, manifest) in self.manifests.iter().enumerate() {
            let file_name = manifest.url.rsplit('/').next().unwrap_or_default();
            // Its own name is the one file name that no file of a remote may have.
            let named = file_name == "remote.json" || (FILE_PATH.holds)(file_name);
            if !named || !(BACKEND_URL.holds)(&manifest.url) {
                let reason = "expected a URL such as `https://cdn.example/todos/remote.json`, without query"
                    .to_owned();
                problems.push(ConfigProblem { key: format!("manifests[{i}].url"), reason });
            }
            if manifest.development_sign && self.development_key.is_none() {
                let reason = "expected only together with `development_key`".to_owned();
                problems.push(ConfigProblem { key: format!("manifests[{i}].development_sign"), reason });
            }
        }
        problems.extend(TrustedKeys::problems(&self.trusted_keys));
        problems
    }
}
