use portico_stream::{KafkaSasl, KafkaSecurity, KafkaTls, SaslMechanism};

use super::sources::Sources;
use crate::config::{Config, SaslMechanismSetting};
use crate::start::{Parts, StartError};

/// How brokers and portal are sure of one another, with the password as it is now.
///
/// # Errors
/// The password is not where the configuration says.
pub async fn broker_security(config: &Config, parts: &Parts) -> Result<KafkaSecurity, StartError> {
    let settings = &config.events.security;
    let identity = settings.certificate_file.clone().zip(settings.key_file.clone());
    let tls = settings.tls.then(|| KafkaTls { authority_file: settings.authority_file.clone(), identity });
    let Some(mechanism) = settings.mechanism else { return Ok(KafkaSecurity { tls, sasl: None }) };
    let sources = Sources::new(config.gateway.vault.as_ref(), parts);
    let source = sources.of("events.security.password", settings.password.as_ref())?;
    let password = source.fetch().await;
    let password =
        password.map_err(|error| StartError::Other(format!("events.security.password: {error}")))?;
    let sasl = KafkaSasl {
        mechanism: match mechanism {
            SaslMechanismSetting::Plain => SaslMechanism::Plain,
            SaslMechanismSetting::ScramSha256 => SaslMechanism::ScramSha256,
            SaslMechanismSetting::ScramSha512 => SaslMechanism::ScramSha512,
        },
        user: settings.user.clone().unwrap_or_default(),
        password: password.secret.expose().to_owned(),
    };
    Ok(KafkaSecurity { tls, sasl: Some(sasl) })
}
