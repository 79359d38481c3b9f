use std::sync::Arc;

use portico_identity::token::{
    CacheLimits, GitHubApp, GitHubAppConfig, GitHubAppKey, Installation, TokenCache,
};

use crate::config::GitHubAppSettings;
use crate::start::Parts;

/// The tokens of one GitHub App, under the audience that remotes name it by.
pub(super) fn app_tokens(
    name: &str,
    settings: &GitHubAppSettings,
    key: Arc<GitHubAppKey>,
    parts: &Parts,
) -> (String, TokenCache) {
    let installations = settings.installations.iter().map(|(organization, settings)| {
        let (id, repositories) = (settings.id, settings.repositories.clone());
        (organization.clone(), Installation { id, repositories })
    });
    let audience = format!("github:{name}");
    let config = GitHubAppConfig {
        api_url: settings.api_url.clone(),
        audience: audience.clone(),
        client_id: settings.client_id.clone(),
        key,
        installations: installations.collect(),
    };
    let app = GitHubApp::new(config, parts.http.clone(), parts.clock.clone());
    (audience, TokenCache::new(Arc::new(app), parts.clock.clone(), CacheLimits::default()))
}
