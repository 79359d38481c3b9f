use std::sync::Arc;

use portico_identity::signing::{SigningAlgorithm, SigningKey};
use portico_identity::token::{CacheLimits, GitHubApp, GitHubAppConfig, Installation, TokenCache};

use crate::config::GitHubAppSettings;
use crate::start::{Parts, StartError, secret};

/// The tokens of one GitHub App, under the audience that remotes name it by.
pub(super) fn app_tokens(
    name: &str,
    settings: &GitHubAppSettings,
    parts: &Parts,
) -> Result<(String, TokenCache), StartError> {
    let key = format!("identity.github_apps.{name}.key_file");
    let pem = secret(&key, Some(&settings.key_file), "")?.unwrap_or_default();
    let unusable = |error| StartError::Other(format!("{key}: {error}"));
    let installations = settings.installations.iter().map(|(organization, settings)| {
        let (id, repositories) = (settings.id, settings.repositories.clone());
        (organization.clone(), Installation { id, repositories })
    });
    let audience = format!("github:{name}");
    let config = GitHubAppConfig {
        api_url: settings.api_url.clone(),
        audience: audience.clone(),
        client_id: settings.client_id.clone(),
        key: SigningKey::from_pem(&pem, SigningAlgorithm::Rs256, None).map_err(unusable)?,
        installations: installations.collect(),
    };
    let app = GitHubApp::new(config, parts.http.clone(), parts.clock.clone()).map_err(unusable)?;
    Ok((audience, TokenCache::new(Arc::new(app), parts.clock.clone(), CacheLimits::default())))
}
