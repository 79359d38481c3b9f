use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::SecretSettings;

/// A GitHub App: `[identity.github_apps.<name>]`. Remotes name it by the audience `github:<name>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHubAppSettings {
    /// Where GitHub's REST API is.
    #[serde(default = "api_url")]
    pub api_url: Url,
    /// The App's client ID.
    pub client_id: String,
    /// The App's private key (PEM).
    pub key: SecretSettings,
    /// Where each organization (`org_id`) has installed it.
    #[serde(default)]
    pub installations: BTreeMap<String, InstallationSettings>,
}

/// One installation of a GitHub App.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallationSettings {
    /// GitHub's id for it.
    pub id: u64,
    /// The repositories that tokens are narrowed to; empty means all it was installed for.
    #[serde(default)]
    pub repositories: Vec<String>,
}

fn api_url() -> Url {
    Url::parse("https://api.github.com").expect("a valid URL")
}
