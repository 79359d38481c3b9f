use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::SecretSettings;

/// How brokers and portal are sure of one another: `[events.security]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BrokerSecurityConfig {
    /// Whether brokers are reached over TLS.
    pub tls: bool,
    /// The authorities that their certificates may come from (PEM), instead of the system's.
    pub authority_file: Option<PathBuf>,
    /// The portal's own certificate and its chain (PEM), for brokers that ask for one.
    pub certificate_file: Option<PathBuf>,
    /// The certificate's key (PEM).
    pub key_file: Option<PathBuf>,
    /// How the password is shown; without it there is none.
    pub mechanism: Option<SaslMechanismSetting>,
    /// The portal's name at the brokers.
    pub user: Option<String>,
    /// Its password, as it was at the start.
    pub password: Option<SecretSettings>,
}

/// A SASL mechanism, by its registered name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaslMechanismSetting {
    /// RFC 4616.
    #[serde(rename = "PLAIN")]
    Plain,
    /// RFC 7677.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// The same with the longer hash.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

impl BrokerSecurityConfig {
    /// What types cannot say.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut problem = |text: &str| problems.push(format!("events.security{text}"));
        let files = [&self.authority_file, &self.certificate_file, &self.key_file];
        if !self.tls && files.iter().any(|file| file.is_some()) {
            problem(": files of TLS are set, and tls is false");
        }
        if self.certificate_file.is_some() != self.key_file.is_some() {
            problem(": certificate_file and key_file belong together");
        }
        match (self.mechanism, &self.user, &self.password) {
            (None, None, None) | (Some(_), Some(_), Some(_)) => {}
            _ => problem(": mechanism, user and password belong together"),
        }
        if self.mechanism == Some(SaslMechanismSetting::Plain) && !self.tls {
            problem(".mechanism = \"PLAIN\" shows the password to everybody on the way; it needs tls");
        }
        problems
    }
}
