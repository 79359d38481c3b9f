use std::{fmt, path::PathBuf};

use rdkafka::ClientConfig;

/// How brokers are convinced of the portal, and the portal of brokers. By default neither is: plain text on a network that
/// is trusted.
#[derive(Clone, Debug, Default)]
pub struct KafkaSecurity {
    /// TLS, whose certificates are checked against broker names.
    pub tls: Option<KafkaTls>,
    /// A name and a password.
    pub sasl: Option<KafkaSasl>,
}

/// TLS to brokers.
#[derive(Clone, Debug, Default)]
pub struct KafkaTls {
    /// Whose certificates brokers may have (PEM), instead of the system's authorities.
    pub authority_file: Option<PathBuf>,
    /// The portal's own certificate with its chain, and its key (PEM), for brokers that ask for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// SASL: who the portal is.
#[derive(Clone)]
pub struct KafkaSasl {
    /// How the password is shown.
    pub mechanism: SaslMechanism,
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

/// How a password is shown to a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaslMechanism {
    /// As it is (RFC 4616): only with TLS.
    Plain,
    /// By proof (RFC 7677).
    ScramSha256,
    /// By proof, with the longer hash.
    ScramSha512,
}

impl SaslMechanism {
    fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl fmt::Debug for KafkaSasl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mechanism, user, .. } = self;
        formatter
            .debug_struct("KafkaSasl")
            .field("mechanism", mechanism)
            .field("user", user)
            .finish_non_exhaustive()
    }
}

impl KafkaSecurity {
    /// Sets librdkafka's properties.
    pub(super) fn apply(&self, config: &mut ClientConfig) {
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            config.set("ssl.endpoint.identification.algorithm", "https");
            if let Some(file) = &tls.authority_file {
                config.set("ssl.ca.location", file.display().to_string());
            }
            if let Some((certificate, key)) = &tls.identity {
                config.set("ssl.certificate.location", certificate.display().to_string());
                config.set("ssl.key.location", key.display().to_string());
            }
        }
        if let Some(sasl) = &self.sasl {
            config
                .set("sasl.mechanisms", sasl.mechanism.as_str())
                .set("sasl.username", &sasl.user)
                .set("sasl.password", &sasl.password);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let sasl = KafkaSasl {
            mechanism: SaslMechanism::ScramSha512,
            user: "portico".into(),
            password: "very-secret".into(),
        };
        let security = KafkaSecurity { tls: Some(KafkaTls::default()), sasl: Some(sasl) };
        let shown = format!("{security:?}");
        assert!(shown.contains("portico") && !shown.contains("very-secret"), "{shown}");
    }
}
