use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

/// What an upstream is shown that takes no exchanged tokens: `[gateway.credentials."<remote id>"]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialSettings {
    /// In which way.
    pub kind: CredentialKind,
    /// `api-key`: the header field that holds the secret.
    #[serde(default)]
    pub header: Option<String>,
    /// `api-key`: the query parameter that holds it, for a service that takes it nowhere else.
    #[serde(default)]
    pub parameter: Option<String>,
    /// `basic`: the user's name.
    #[serde(default)]
    pub user: Option<String>,
    /// `api-key` and `basic`: the key or password.
    #[serde(default)]
    pub secret: Option<SecretSettings>,
    /// `mtls`: the portal's certificate and its chain (PEM).
    #[serde(default)]
    pub certificate: Option<SecretSettings>,
    /// `mtls`: the certificate's key (PEM).
    #[serde(default)]
    pub key: Option<SecretSettings>,
    /// The authorities that the upstream's certificate may come from (PEM), instead of the public ones.
    #[serde(default)]
    pub authorities_file: Option<PathBuf>,
    /// Whether the exchanged token is sent as well.
    #[serde(default)]
    pub with_token: bool,
}

/// How an upstream takes a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// A secret in a header field or a query parameter.
    ApiKey,
    /// A name and a password (RFC 7617).
    Basic,
    /// A certificate on the connection (mutual TLS).
    Mtls,
}

/// Where a secret is: exactly one of these.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretSettings {
    /// In this environment variable, as it was at the start.
    pub env: Option<String>,
    /// In this file.
    pub file: Option<PathBuf>,
    /// In the Vault that `gateway.vault` names.
    pub vault: Option<VaultPlaceSettings>,
}

/// A field of a secret in Vault's key-value engine, version 2.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultPlaceSettings {
    /// Where the engine is mounted.
    #[serde(default = "kv_mount")]
    pub mount: String,
    /// The secret's path.
    pub path: String,
    /// The field.
    pub field: String,
}

/// A Vault server: `[gateway.vault]`. One of `token`, `app_role` and `kubernetes` says how the portal proves itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultSettings {
    /// Where it is: https, or http on this machine (an agent).
    pub address: Url,
    /// Its namespace, where it has several.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The authorities that its certificate may come from (PEM), besides the public ones.
    #[serde(default)]
    pub authority_file: Option<PathBuf>,
    /// A token.
    #[serde(default)]
    pub token: Option<SecretSettings>,
    /// An AppRole.
    #[serde(default)]
    pub app_role: Option<AppRoleSettings>,
    /// The service account of a pod.
    #[serde(default)]
    pub kubernetes: Option<KubernetesSettings>,
}

/// Login by AppRole.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppRoleSettings {
    /// Where the method is mounted.
    #[serde(default = "app_role_mount")]
    pub mount: String,
    /// The role's id.
    pub role_id: String,
    /// The secret id.
    pub secret_id: SecretSettings,
}

/// Login by a service account's token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KubernetesSettings {
    /// Where the method is mounted.
    #[serde(default = "kubernetes_mount")]
    pub mount: String,
    /// The role.
    pub role: String,
    /// The file in which the pod finds its token.
    #[serde(default = "service_account_token")]
    pub token_file: PathBuf,
}

fn kv_mount() -> String {
    "secret".to_owned()
}

fn app_role_mount() -> String {
    "approle".to_owned()
}

fn kubernetes_mount() -> String {
    "kubernetes".to_owned()
}

fn service_account_token() -> PathBuf {
    "/var/run/secrets/kubernetes.io/serviceaccount/token".into()
}
