use std::path::Path;
use std::sync::Arc;

use portico_dev_idp::{Audience, Client, DevIdp, DevIdpConfig};
use portico_identity::client_auth::{AssertionAudience, ClientAuth, PrivateKeyJwt};
use portico_identity::provider::{OrganizationClaims, Par, Provider, ProviderConfig, Secret};
use portico_identity::seal::Sealer;
use portico_identity::signing::SigningKey;
use portico_identity::token::{CacheLimits, Rfc8693, SharedTokens, TokenCache, TokenExchange};
use url::Url;

use super::exchange::{acting, exchange};
use super::github::app_tokens;
use super::{DEFAULT_NAME, IdentityProvider, Providers};
use crate::config::{
    AssertionAudienceSetting, ClientAuthMethod, Config, OrganizationClaimsSetting, ParSetting,
    ProviderSettings,
};
use crate::credentials::GitHubKeys;
use crate::start::{Parts, StartError, secret};

/// The providers as configured, or the development IdP with this portal as its client.
///
/// # Errors
/// Where a file that the configuration names cannot be read, or holds no such key.
pub fn build(
    config: &Config,
    parts: &Parts,
    sharing: Option<&TokenSharing>,
    github_keys: &GitHubKeys,
) -> Result<(Providers, Option<Arc<DevIdp>>), StartError> {
    let builder = Builder { config, parts, sharing, public_url: config.public_url() };
    let mut listed = config
        .identity
        .providers
        .iter()
        .map(|settings| builder.listed(settings))
        .collect::<Result<Vec<_>, _>>()?;
    let apps = config.identity.github_apps.iter().map(|(name, settings)| {
        app_tokens(name, settings, github_keys.get(name).cloned().unwrap_or_default(), parts)
    });
    let apps = apps.collect();
    let (default, dev_idp) = match config.identity.issuer.is_none() && !listed.is_empty() {
        true => (listed.remove(0), None),
        false => builder.default_provider()?,
    };
    let providers = Providers::new(default, listed);
    Ok((providers.with_own(apps, config.identity.own_audiences.iter().cloned()), dev_idp))
}

/// How instances share exchanged tokens.
pub struct TokenSharing {
    /// Where they are kept.
    pub tokens: Arc<dyn SharedTokens>,
    /// What seals them on their way there.
    pub sealer: Sealer,
}

struct Builder<'a> {
    config: &'a Config,
    parts: &'a Parts,
    sharing: Option<&'a TokenSharing>,
    public_url: Url,
}

impl Builder<'_> {
    /// The one that `identity.issuer` and its neighbours describe, or the embedded one.
    fn default_provider(&self) -> Result<(IdentityProvider, Option<Arc<DevIdp>>), StartError> {
        let identity = &self.config.identity;
        let own_issuer = self.join("dev/idp")?;
        // The same embedded provider may be named by its other loopback name, as a test of cookies across sites does.
        let embedded = self.config.is_development()
            && identity.issuer.as_ref().is_none_or(|issuer| is_own(issuer, &own_issuer));
        let issuer = identity.issuer.clone().unwrap_or(own_issuer);
        let client_secret = if embedded {
            Some(self.parts.embedded.client_secret(self.parts.random.as_ref()))
        } else {
            secret(
                "identity.client_secret_file",
                identity.client_secret_file.as_deref(),
                "PORTICO_CLIENT_SECRET",
            )?
        };
        let client_auth =
            client_secret.clone().map_or(ClientAuth::None, |s| ClientAuth::SecretBasic(Secret(s)));
        let client_id = identity.client_id.clone();
        let provider = self.config_of(issuer, client_id, client_auth, identity.scopes.clone())?;
        let dev_idp = match embedded {
            true => Some(self.dev_idp(&provider, client_secret.unwrap_or_default())?),
            false => None,
        };
        let provider = self.provider(provider);
        let label = provider.config().issuer.host_str().unwrap_or_default().to_owned();
        let exchange = acting(Rfc8693::new(provider.clone()), identity.exchange_actor.as_ref());
        let tokens = self.tokens(Arc::new(exchange));
        let (organizations, email_domains) = Default::default();
        let default = IdentityProvider {
            name: DEFAULT_NAME.into(),
            label,
            provider,
            tokens,
            organizations,
            email_domains,
        };
        Ok((default, dev_idp))
    }

    fn listed(&self, settings: &ProviderSettings) -> Result<IdentityProvider, StartError> {
        let par = match settings.par {
            ParSetting::Auto => Par::Auto,
            ParSetting::Never => Par::Never,
            ParSetting::Required => Par::Required,
        };
        let organization_claims = match settings.organization_claims {
            OrganizationClaimsSetting::Portal => OrganizationClaims::Portal,
            OrganizationClaimsSetting::Keycloak => OrganizationClaims::Keycloak,
        };
        let (issuer, client_id) = (settings.issuer.clone(), settings.client_id.clone());
        let config = self.config_of(issuer, client_id, client_auth(settings)?, settings.scopes.clone())?;
        let provider = self.provider(ProviderConfig { par, organization_claims, ..config });
        Ok(IdentityProvider {
            name: settings.name.clone(),
            label: settings.label.clone().unwrap_or_else(|| settings.name.clone()),
            tokens: self.tokens(exchange(settings, &provider)?),
            provider,
            organizations: settings.organizations.clone(),
            email_domains: settings.email_domains.iter().map(|domain| domain.to_ascii_lowercase()).collect(),
        })
    }

    fn config_of(
        &self,
        issuer: Url,
        client_id: String,
        client_auth: ClientAuth,
        scopes: Vec<String>,
    ) -> Result<ProviderConfig, StartError> {
        let redirect_uri = self.join("auth/callback")?;
        let post_logout_redirect_uri = self.public_url.clone();
        Ok(ProviderConfig {
            issuer,
            client_id,
            client_auth,
            redirect_uri,
            post_logout_redirect_uri,
            scopes,
            par: Par::default(),
            organization_claims: OrganizationClaims::default(),
            claims: self.config.identity.claims.iter().cloned().collect(),
        })
    }

    fn provider(&self, config: ProviderConfig) -> Arc<Provider> {
        let Parts { http, clock, random, .. } = self.parts;
        Arc::new(Provider::new(config, http.clone(), clock.clone(), random.clone()))
    }

    /// Each provider has a cache of its own, so that a token of one can never serve a session of another (case 37).
    fn tokens(&self, exchange: Arc<dyn TokenExchange>) -> TokenCache {
        let cache = TokenCache::new(exchange, self.parts.clock.clone(), CacheLimits::default());
        match self.sharing {
            Some(TokenSharing { tokens, sealer }) => {
                cache.shared(tokens.clone(), sealer.clone(), self.parts.random.clone())
            }
            None => cache,
        }
    }

    fn dev_idp(&self, provider: &ProviderConfig, client_secret: String) -> Result<Arc<DevIdp>, StartError> {
        let client = Client {
            client_id: provider.client_id.clone(),
            client_secret,
            client_name: "Portico".into(),
            redirect_uris: vec![provider.redirect_uri.clone()],
            post_logout_redirect_uris: vec![provider.post_logout_redirect_uri.clone()],
            backchannel_logout_uri: Some(self.join("auth/backchannel-logout")?),
        };
        let idp = DevIdpConfig::demo(provider.issuer.clone(), vec![client], audiences(self.config));
        let Parts { clock, random, http, embedded, .. } = self.parts;
        let file = self.config.data_dir.join("dev-idp.json");
        Ok(embedded.idp(idp, file, clock.clone(), random.clone(), http.clone())?)
    }

    fn join(&self, path: &str) -> Result<Url, StartError> {
        self.public_url.join(path).map_err(|error| StartError::Other(format!("public_url: {error}")))
    }
}

fn is_own(issuer: &Url, own: &Url) -> bool {
    let loopback = |url: &Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    issuer.path() == own.path() && issuer.port() == own.port() && loopback(issuer) && loopback(own)
}

/// What the development IdP exchanges tokens for: what the operator's grants name.
fn audiences(config: &Config) -> Vec<Audience> {
    let grants = config.registry.grants.iter();
    let audience = |audience: &String, scopes: &[String]| Audience {
        audience: audience.clone(),
        scopes: scopes.to_vec(),
    };
    grants.flat_map(|(_, grant)| grant.audiences.iter().map(|name| audience(name, &grant.scopes))).collect()
}

fn client_auth(settings: &ProviderSettings) -> Result<ClientAuth, StartError> {
    let secret = || read(settings, "client_secret_file", settings.client_secret_file.as_deref()).map(Secret);
    Ok(match settings.client_auth {
        ClientAuthMethod::ClientSecretBasic => ClientAuth::SecretBasic(secret()?),
        ClientAuthMethod::ClientSecretPost => ClientAuth::SecretPost(secret()?),
        ClientAuthMethod::PrivateKeyJwt => ClientAuth::PrivateKeyJwt(private_key(settings)?),
        ClientAuthMethod::None => ClientAuth::None,
    })
}

fn private_key(settings: &ProviderSettings) -> Result<PrivateKeyJwt, StartError> {
    let pem = read(settings, "client_key_file", settings.client_key_file.as_deref())?;
    let unusable = |key: &str, error: &dyn std::fmt::Display| {
        StartError::Other(format!("identity.providers: {key} of {}: {error}", settings.name))
    };
    let mut key = SigningKey::from_pem(&pem, settings.client_key_algorithm, settings.client_key_id.clone())
        .map_err(|error| unusable("client_key_file", &error))?;
    if let Some(file) = &settings.client_certificate_file {
        let certificate = read(settings, "client_certificate_file", Some(file))?;
        let named = key.with_certificate(&certificate);
        key = named.map_err(|error| unusable("client_certificate_file", &error))?;
    }
    let audience = match settings.client_assertion_audience {
        AssertionAudienceSetting::Issuer => AssertionAudience::Issuer,
        AssertionAudienceSetting::TokenEndpoint => AssertionAudience::TokenEndpoint,
    };
    Ok(PrivateKeyJwt { key: Arc::new(key), audience })
}

/// A file of a provider's settings, without the line break that editors add.
fn read(settings: &ProviderSettings, key: &str, file: Option<&Path>) -> Result<String, StartError> {
    let problem =
        |why: String| StartError::Other(format!("identity.providers: {key} of {}: {why}", settings.name));
    let file = file.ok_or_else(|| problem("it is not set".into()))?;
    let text =
        std::fs::read_to_string(file).map_err(|error| problem(format!("{}: {error}", file.display())))?;
    Ok(text.trim().to_owned())
}
