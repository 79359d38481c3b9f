use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use portico_identity::provider::{Provider, ProviderError};
use portico_identity::session::SessionId;
use portico_identity::token::TokenCache;

/// The name of the provider that `identity.issuer` describes.
pub const DEFAULT_NAME: &str = "default";

/// One provider with what the portal keeps beside it.
pub struct IdentityProvider {
    /// What links and the log call it.
    pub name: String,
    /// What people call it, on the sign-in page.
    pub label: String,
    /// The relying party's side of it.
    pub provider: Arc<Provider>,
    /// Tokens that were exchanged there.
    pub tokens: TokenCache,
    /// Organizations whose people sign in here.
    pub organizations: Vec<String>,
    /// Domains of e-mail addresses, in lower case, whose owners sign in here.
    pub email_domains: Vec<String>,
}

impl IdentityProvider {
    /// The issuer, as sessions carry it.
    pub fn issuer(&self) -> &str {
        self.provider.config().issuer.as_str()
    }

    /// What `/readyz` calls it.
    pub fn log_name(&self) -> String {
        if self.name == DEFAULT_NAME { "identity".to_owned() } else { format!("identity.{}", self.name) }
    }
}

impl fmt::Debug for IdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityProvider")
            .field("name", &self.name)
            .field("provider", &self.provider)
            .finish()
    }
}

/// What is known about who wants to sign in. None of it is trusted: the provider decides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// A provider by name, as a button of the sign-in page names it.
    pub provider: Option<&'a str>,
    /// An organization by id.
    pub organization: Option<&'a str>,
    /// A user name or e-mail address.
    pub login_hint: Option<&'a str>,
    /// The issuer of the session that this browser has.
    pub issuer: Option<&'a str>,
}

/// Where a login goes.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// To this provider.
    One(&'a Arc<IdentityProvider>),
    /// Nothing says to which of several: the person picks.
    Ask,
}

/// Every provider, the default one first.
pub struct Providers {
    default: Arc<IdentityProvider>,
    others: Vec<Arc<IdentityProvider>>,
    apps: AppTokens,
    own_audiences: HashSet<String>,
}

/// Whose authority a call to a service uses.
#[derive(Clone, Copy)]
pub enum Authority<'a> {
    /// The person's: the session's token is exchanged.
    Person,
    /// The portal's own: it gets a token by its client credentials, and nothing of the person goes along.
    Portal,
    /// A GitHub App's, whose tokens these are.
    App(&'a TokenCache),
}

/// The tokens of GitHub Apps, by audience. They are the portal's own, whoever is signed in.
type AppTokens = HashMap<String, TokenCache>;

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Providers")
            .field("default", &self.default)
            .field("others", &self.others)
            .finish_non_exhaustive()
    }
}

impl Providers {
    /// `default` and whatever stands beside it.
    pub fn new(default: IdentityProvider, others: Vec<IdentityProvider>) -> Self {
        let others = others.into_iter().map(Arc::new).collect();
        let (apps, own_audiences) = Default::default();
        Self { default: Arc::new(default), others, apps, own_audiences }
    }

    /// With GitHub Apps behind their audiences, and the portal itself behind these.
    #[must_use]
    pub fn with_own(mut self, apps: AppTokens, audiences: impl IntoIterator<Item = String>) -> Self {
        self.apps = apps;
        self.own_audiences = audiences.into_iter().collect();
        self
    }

    /// Whose authority calls to the service with this audience use.
    pub fn authority(&self, audience: &str) -> Authority<'_> {
        match self.apps.get(audience) {
            Some(tokens) => Authority::App(tokens),
            None if self.own_audiences.contains(audience) => Authority::Portal,
            None => Authority::Person,
        }
    }

    /// The first one.
    pub fn default_provider(&self) -> &Arc<IdentityProvider> {
        &self.default
    }

    /// All of them, the default one first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<IdentityProvider>> {
        std::iter::once(&self.default).chain(&self.others)
    }

    /// The one with this issuer: a session's, a login's, a logout token's.
    pub fn by_issuer(&self, issuer: &str) -> Option<&Arc<IdentityProvider>> {
        self.iter().find(|provider| provider.issuer() == issuer)
    }

    /// Where a login goes: what the person picked counts first, then the organization, then the address's domain, then
    /// where this browser signed in before.
    pub fn choose(&self, hints: Hints<'_>) -> Choice<'_> {
        if self.others.is_empty() {
            return Choice::One(&self.default);
        }
        let named = hints.provider.and_then(|name| self.find(|p| p.name == name));
        let organization = || {
            let organization = hints.organization?;
            self.find(|p| p.organizations.iter().any(|own| own.eq_ignore_ascii_case(organization)))
        };
        let domain = || {
            let (_, domain) = hints.login_hint?.rsplit_once('@')?;
            self.find(|p| p.email_domains.iter().any(|own| own.eq_ignore_ascii_case(domain)))
        };
        let before = || self.by_issuer(hints.issuer?);
        named.or_else(organization).or_else(domain).or_else(before).map_or(Choice::Ask, Choice::One)
    }

    /// Forgets every token that was exchanged for a session.
    pub fn forget_session(&self, session: &SessionId) {
        for provider in self.iter() {
            provider.tokens.forget_session(session);
        }
    }

    /// Forgets what instances share of a session. All providers' tokens of one are in one place.
    pub async fn forget_shared(&self, session: &SessionId) {
        self.default.tokens.forget_shared(session).await;
    }

    /// How many exchanged tokens are held.
    pub fn exchanged_tokens(&self) -> usize {
        self.iter().map(|provider| provider.tokens.len()).sum()
    }

    /// Where a logout form may end up, once it is known: the origins of the end-session endpoints.
    pub fn end_session_origins(&self) -> Vec<String> {
        let mut origins: Vec<_> =
            self.iter().filter_map(|provider| provider.provider.end_session_origin()).collect();
        origins.sort_unstable();
        origins.dedup();
        origins
    }

    /// Asks every provider that has not answered yet, all at once.
    pub async fn ready(&self) -> Vec<(&Arc<IdentityProvider>, Result<(), ProviderError>)> {
        let asked = self.iter().map(|provider| async move { (provider, provider.provider.ready().await) });
        futures::future::join_all(asked).await
    }

    fn find(&self, is: impl Fn(&IdentityProvider) -> bool) -> Option<&Arc<IdentityProvider>> {
        self.iter().find(|provider| is(provider))
    }
}
