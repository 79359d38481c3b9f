use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portico_ports::HttpClient;
use portico_secrets::{
    Fetched, FileSecret, SecretError, SecretSource, Vault, VaultAuth, VaultConfig, VaultPlace,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::config::{SecretSettings, VaultSettings};
use crate::outbound::Outbound;
use crate::start::{Parts, StartError};

/// How long Vault may take to answer.
const VAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// A secret in the environment. It cannot change while the process runs.
#[derive(Debug)]
struct EnvironmentSecret {
    variable: String,
    name: String,
}

#[async_trait]
impl SecretSource for EnvironmentSecret {
    fn name(&self) -> &str {
        &self.name
    }

    async fn fetch(&self) -> Result<Fetched, SecretError> {
        Fetched::plain(&self.name, std::env::var(&self.variable).unwrap_or_default())
    }
}

/// Makes sources; what is in Vault comes over one login.
pub(super) struct Sources<'a> {
    vault: Option<&'a VaultSettings>,
    parts: &'a Parts,
}

impl<'a> Sources<'a> {
    pub(super) fn new(vault: Option<&'a VaultSettings>, parts: &'a Parts) -> Self {
        Self { vault, parts }
    }

    /// The source that `key` names.
    pub(super) fn of(
        &self,
        key: &str,
        settings: Option<&SecretSettings>,
    ) -> Result<Box<dyn SecretSource>, StartError> {
        let settings = settings.ok_or_else(|| StartError::Other(format!("{key} is not set")))?;
        match (&settings.vault, local(settings)) {
            (None, Some(source)) => Ok(source),
            (Some(place), None) if settings.env.is_none() && settings.file.is_none() => {
                let (mount, path, field) = (place.mount.clone(), place.path.clone(), place.field.clone());
                self.vault(key, VaultPlace { mount, path, field })
            }
            _ => Err(StartError::Other(format!("{key} takes exactly one of env, file and vault"))),
        }
    }

    fn vault(&self, key: &str, place: VaultPlace) -> Result<Box<dyn SecretSource>, StartError> {
        let other = |message: String| StartError::Other(message);
        let settings =
            self.vault.ok_or_else(|| other(format!("{key} is in Vault, and gateway.vault is not set")))?;
        let host = settings.address.host_str().unwrap_or_default();
        let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        if settings.address.scheme() != "https" && !(here && settings.address.scheme() == "http") {
            return Err(other("gateway.vault.address must be https, or http on this machine".to_owned()));
        }
        let config = VaultConfig {
            address: settings.address.clone(),
            namespace: settings.namespace.clone(),
            auth: auth(settings)?,
        };
        let secret = Vault::secret(config, place, self.client(settings)?, self.parts.clock.clone());
        Ok(Box::new(secret.map_err(|error| other(format!("{key}: {error}")))?))
    }

    fn client(&self, settings: &VaultSettings) -> Result<Arc<dyn HttpClient>, StartError> {
        let Some(file) = &settings.authority_file else { return Ok(self.parts.http.clone()) };
        let authority = CertificateDer::from_pem_file(file).map_err(|error| {
            StartError::Other(format!("gateway.vault.authority_file {}: {error}", file.display()))
        })?;
        Ok(Arc::new(Outbound::new(VAULT_TIMEOUT, Some(authority))))
    }
}

/// What is on this machine; none where not exactly one place is named.
fn local(settings: &SecretSettings) -> Option<Box<dyn SecretSource>> {
    match (&settings.env, &settings.file) {
        (Some(variable), None) => {
            let (name, variable) = (format!("environment variable {variable}"), variable.clone());
            Some(Box::new(EnvironmentSecret { variable, name }))
        }
        (None, Some(file)) => Some(Box::new(FileSecret::new(file.clone()))),
        _ => None,
    }
}

fn auth(settings: &VaultSettings) -> Result<VaultAuth, StartError> {
    let unusable =
        |key: &str| StartError::Other(format!("gateway.vault.{key} takes exactly one of env and file"));
    match (&settings.token, &settings.app_role, &settings.kubernetes) {
        (Some(token), None, None) => Ok(VaultAuth::Token(local(token).ok_or_else(|| unusable("token"))?)),
        (None, Some(role), None) => Ok(VaultAuth::AppRole {
            mount: role.mount.clone(),
            role_id: role.role_id.clone(),
            secret_id: local(&role.secret_id).ok_or_else(|| unusable("app_role.secret_id"))?,
        }),
        (None, None, Some(kubernetes)) => Ok(VaultAuth::Kubernetes {
            mount: kubernetes.mount.clone(),
            role: kubernetes.role.clone(),
            jwt: Box::new(FileSecret::new(kubernetes.token_file.clone())),
        }),
        _ => Err(StartError::Other(
            "gateway.vault takes exactly one of token, app_role and kubernetes".to_owned(),
        )),
    }
}
