use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

/// The OpenID provider. Without an issuer, development uses the embedded one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentityConfig {
    /// The issuer identifier of the provider; none means the embedded development IdP at `<public_url>/dev/idp`.
    pub issuer: Option<Url>,
    /// Our `client_id` there.
    pub client_id: String,
    /// A file that holds our client secret. The environment variable `PORTICO_CLIENT_SECRET` holds it otherwise.
    pub client_secret_file: Option<PathBuf>,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// How long one answer of the provider may take, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: "portico".into(),
            client_secret_file: None,
            scopes: vec!["profile".into(), "email".into(), "offline_access".into()],
            timeout_ms: 5_000,
        }
    }
}
