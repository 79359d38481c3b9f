use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{ActorSettings, GitHubAppSettings, ProviderSettings};

/// The OpenID providers. Without any, development uses the embedded one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentityConfig {
    /// The issuer identifier of a provider that needs no more said than the next keys say; the first one, where
    /// `providers` lists others. Without it and them it is the embedded development IdP at `<public_url>/dev/idp`.
    pub issuer: Option<Url>,
    /// Our `client_id` there.
    pub client_id: String,
    /// A file that holds our client secret. The environment variable `PORTICO_CLIENT_SECRET` holds it otherwise.
    pub client_secret_file: Option<PathBuf>,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// The portal's own token as the one that acts for the person, in exchanges there.
    pub exchange_actor: Option<ActorSettings>,
    /// How long one answer of a provider may take, in milliseconds.
    pub timeout_ms: u64,
    /// Claims of ID tokens, besides the standard ones, that sessions keep: what conditions and policies may look at as
    /// `claims.<name>`.
    pub claims: BTreeSet<String>,
    /// Several providers side by side, or one that needs more said.
    pub providers: Vec<ProviderSettings>,
    /// Audiences of services that the portal calls on its own behalf, by client credentials, whoever is signed in.
    pub own_audiences: Vec<String>,
    /// GitHub Apps by name.
    pub github_apps: BTreeMap<String, GitHubAppSettings>,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: client_id(),
            client_secret_file: None,
            scopes: scopes(),
            exchange_actor: None,
            timeout_ms: 5_000,
            claims: BTreeSet::new(),
            providers: Vec::new(),
            own_audiences: Vec::new(),
            github_apps: BTreeMap::new(),
        }
    }
}

/// What the portal is called at a provider where the configuration does not say.
pub(super) fn client_id() -> String {
    "portico".into()
}

/// What a login asks for besides `openid` where the configuration does not say.
pub(super) fn scopes() -> Vec<String> {
    ["profile", "email", "offline_access"].map(str::to_owned).to_vec()
}

impl IdentityConfig {
    /// What types cannot say: providers that contradict one another, or themselves.
    pub(super) fn problems(&self, production: bool) -> Vec<String> {
        let mut problems: Vec<_> =
            self.providers.iter().flat_map(|provider| provider.problems(production)).collect();
        let issuers = self.issuer.iter().chain(self.providers.iter().map(|provider| &provider.issuer));
        let each = |values: &mut dyn Iterator<Item = String>, what: &str| {
            let mut seen = BTreeSet::new();
            let twice: Vec<_> = values.filter(|value| !seen.insert(value.clone())).collect();
            twice
                .into_iter()
                .map(|value| format!("identity.providers: {what} {value} is there twice"))
                .collect::<Vec<_>>()
        };
        let of = |list: fn(&ProviderSettings) -> &Vec<String>| {
            self.providers.iter().flat_map(list).map(|value| value.to_ascii_lowercase())
        };
        problems.extend(each(&mut issuers.map(ToString::to_string), "the issuer"));
        problems.extend(each(&mut self.providers.iter().map(|provider| provider.name.clone()), "the name"));
        problems.extend(each(&mut of(|provider| &provider.organizations), "the organization"));
        problems.extend(each(&mut of(|provider| &provider.email_domains), "the e-mail domain"));
        problems
    }
}
