use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portico_gateway::{Access, Credential, TlsSettings};
use portico_secrets::{Apply, FileSecret, Kept, SecretSource};

use super::sources::Sources;
use super::{CredentialStanding, Keeper};
use crate::config::{CredentialKind, CredentialSettings, GatewayConfig};
use crate::start::{Parts, StartError};

/// How the portal gets into each upstream that the configuration names, by remote, and who keeps it current.
pub fn build(
    config: &GatewayConfig,
    parts: &Parts,
) -> Result<(HashMap<String, Access>, Vec<Keeper>), StartError> {
    let sources = Sources::new(config.vault.as_ref(), parts);
    let interval = Duration::from_secs(config.credential_seconds.max(1));
    let (mut access, mut keepers) = (HashMap::new(), Vec::new());
    for (remote, settings) in &config.credentials {
        let key = format!("gateway.credentials.{remote:?}");
        let (credential, tls) = (Arc::new(credential(&key, settings)?), Arc::new(tls(&key, settings)?));
        let (secrets, apply) = secrets(&key, settings, &sources, &credential, &tls)?;
        let is_remote = [&settings.secret, &settings.certificate, &settings.key]
            .into_iter()
            .any(|secret| secret.as_ref().is_some_and(|secret| secret.vault.is_some()));
        let kept = Kept::new(secrets, interval, apply);
        keepers.push(Keeper {
            key: key.clone(),
            standing: CredentialStanding::new(format!("remote {remote}"), kept.names()),
            kept,
            refused: Some(credential.refused()),
            must_be_there: !is_remote,
        });
        keepers.extend(
            settings.authorities_file.as_ref().map(|file| authorities(&key, remote, file, &tls, interval)),
        );
        access.insert(remote.clone(), Access { tls, credential: Some(credential) });
    }
    Ok((access, keepers))
}

fn credential(key: &str, settings: &CredentialSettings) -> Result<Credential, StartError> {
    let unusable = |what: &str| StartError::Other(format!("{key}{what}"));
    let made = match (settings.kind, &settings.header, &settings.parameter, &settings.user) {
        (CredentialKind::ApiKey, Some(header), None, None) => Credential::header(header, settings.with_token),
        (CredentialKind::ApiKey, None, Some(name), None) => Credential::parameter(name, settings.with_token),
        (CredentialKind::ApiKey, ..) => {
            return Err(unusable(" is an api-key: exactly one of header and parameter says where it stands"));
        }
        (CredentialKind::Basic, None, None, Some(user)) if !settings.with_token => Credential::basic(user),
        (CredentialKind::Basic, ..) => {
            return Err(unusable(" is basic: it takes user and secret, and stands where the token would"));
        }
        (CredentialKind::Mtls, None, None, None) => Ok(Credential::certificate(settings.with_token)),
        (CredentialKind::Mtls, ..) => return Err(unusable(" is mtls: it takes certificate and key")),
    };
    made.map_err(|error| unusable(&format!(": {error}")))
}

fn tls(key: &str, settings: &CredentialSettings) -> Result<TlsSettings, StartError> {
    // Read again and again from then on, by a keeper.
    let Some(file) = &settings.authorities_file else { return Ok(TlsSettings::of_public_authorities()) };
    let unusable =
        |error: String| StartError::Other(format!("{key}.authorities_file {}: {error}", file.display()));
    let pem = std::fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    TlsSettings::of_authorities(&pem).map_err(|error| unusable(error.to_string()))
}

/// Keeps the authorities in `file` current.
fn authorities(key: &str, remote: &str, file: &Path, tls: &Arc<TlsSettings>, interval: Duration) -> Keeper {
    let tls = Arc::clone(tls);
    let apply: Apply = Box::new(move |secrets| {
        let [pem] = secrets else { return Err("a file of authorities is needed".to_owned()) };
        tls.trust(pem.expose()).map_err(|error| error.to_string())
    });
    let kept = Kept::new(vec![Box::new(FileSecret::new(file.to_owned()))], interval, apply);
    let standing = CredentialStanding::new(format!("remote {remote}"), kept.names());
    Keeper { key: format!("{key}.authorities_file"), standing, kept, refused: None, must_be_there: true }
}

type Secrets = (Vec<Box<dyn SecretSource>>, Apply);

/// What is read, and what is done with it.
fn secrets(
    key: &str,
    settings: &CredentialSettings,
    sources: &Sources<'_>,
    credential: &Arc<Credential>,
    tls: &Arc<TlsSettings>,
) -> Result<Secrets, StartError> {
    let source = |name: &str, secret| sources.of(&format!("{key}.{name}"), secret);
    let (credential, tls) = (credential.clone(), tls.clone());
    if settings.kind == CredentialKind::Mtls {
        let pair = vec![
            source("certificate", settings.certificate.as_ref())?,
            source("key", settings.key.as_ref())?,
        ];
        let apply: Apply = Box::new(move |secrets| {
            let [chain, key] = secrets else { return Err("a certificate and a key are needed".to_owned()) };
            tls.identify(chain.expose(), key.expose()).map_err(|error| error.to_string())?;
            credential.replace("").map_err(|error| error.to_string())
        });
        return Ok((pair, apply));
    }
    let apply: Apply = Box::new(move |secrets| {
        let [secret] = secrets else { return Err("one secret is needed".to_owned()) };
        credential.replace(secret.expose()).map_err(|error| error.to_string())
    });
    Ok((vec![source("secret", settings.secret.as_ref())?], apply))
}
