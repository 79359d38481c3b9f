use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use portico_identity::token::GitHubAppKey;
use portico_secrets::{Apply, Kept};

use super::sources::Sources;
use super::{CredentialStanding, Keeper};
use crate::config::Config;
use crate::start::{Parts, StartError};

/// The private keys of GitHub Apps, by the App's name in the configuration.
pub type GitHubKeys = HashMap<String, Arc<GitHubAppKey>>;

/// The keys of all Apps, empty until their keepers have read them, and the keepers.
///
/// # Errors
/// Names the key of the configuration that does not say where a private key is.
pub fn github_keys(config: &Config, parts: &Parts) -> Result<(GitHubKeys, Vec<Keeper>), StartError> {
    let sources = Sources::new(config.gateway.vault.as_ref(), parts);
    let interval = Duration::from_secs(config.gateway.credential_seconds.max(1));
    let (mut keys, mut keepers) = (GitHubKeys::new(), Vec::new());
    for (name, settings) in &config.identity.github_apps {
        let key = Arc::new(GitHubAppKey::default());
        let named = format!("identity.github_apps.{name}.key");
        let source = sources.of(&named, Some(&settings.key))?;
        let kept = Kept::new(vec![source], interval, apply(&key));
        keepers.push(Keeper {
            key: named,
            standing: CredentialStanding::new(format!("GitHub App {name}"), kept.names()),
            kept,
            refused: Some(key.refused()),
            must_be_there: settings.key.vault.is_none(),
        });
        keys.insert(name.clone(), key);
    }
    Ok((keys, keepers))
}

fn apply(key: &Arc<GitHubAppKey>) -> Apply {
    let key = Arc::clone(key);
    Box::new(move |secrets| {
        let [pem] = secrets else { return Err("one key is needed".to_owned()) };
        key.replace(pem.expose()).map_err(|error| error.to_string())
    })
}
