use std::collections::BTreeMap;
use std::path::PathBuf;

use portico_identity::signing::SigningAlgorithm;
use serde::{Deserialize, Serialize};
use url::Url;

use super::identity::{client_id, scopes};

/// One OpenID provider among several: `[[identity.providers]]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// What links and the log call it: lower case, digits, hyphens.
    pub name: String,
    /// What people call it, on the sign-in page.
    #[serde(default)]
    pub label: Option<String>,
    /// The issuer identifier, exactly as the discovery document states it.
    pub issuer: Url,
    /// Our `client_id` there.
    #[serde(default = "client_id")]
    pub client_id: String,
    /// How we prove there that we are that client.
    #[serde(default)]
    pub client_auth: ClientAuthMethod,
    /// A file that holds our secret there.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// A file that holds our private key (PEM), for `private_key_jwt`.
    #[serde(default)]
    pub client_key_file: Option<PathBuf>,
    /// What the provider calls that key (`kid`).
    #[serde(default)]
    pub client_key_id: Option<String>,
    /// What the key signs by.
    #[serde(default = "es256")]
    pub client_key_algorithm: SigningAlgorithm,
    /// A file that holds the key's certificate (PEM), for providers that find the key by its thumbprint.
    #[serde(default)]
    pub client_certificate_file: Option<PathBuf>,
    /// Whom assertions are addressed to.
    #[serde(default)]
    pub client_assertion_audience: AssertionAudienceSetting,
    /// Scopes besides `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// Whether authorization requests are pushed (RFC 9126).
    #[serde(default)]
    pub par: ParSetting,
    /// How the session's token is traded for a remote's.
    #[serde(default)]
    pub exchange: ExchangeSetting,
    /// The `subject_token_type` of the tenant's Custom Token Exchange Profile, for `auth0`.
    #[serde(default)]
    pub exchange_subject_token_type: Option<String>,
    /// Whether `auth0` gives tokens of the session's organization, and no other.
    #[serde(default)]
    pub exchange_organizations: bool,
    /// What may stand in `aud` of a token for the portal's own API, for `entra`.
    #[serde(default)]
    pub exchange_own_audiences: Vec<String>,
    /// What stands in `aud` besides the audience itself, by audience, for `entra`.
    #[serde(default)]
    pub exchange_application_ids: BTreeMap<String, String>,
    /// Which exchanged tokens the provider is asked about (RFC 7662).
    #[serde(default)]
    pub exchange_introspection: IntrospectionSetting,
    /// The portal's own token as the one that acts for the person, for `rfc8693`.
    #[serde(default)]
    pub exchange_actor: Option<ActorSettings>,
    /// Which claims say what organizations a person belongs to.
    #[serde(default)]
    pub organization_claims: OrganizationClaimsSetting,
    /// Organizations (`org_id`) whose people sign in here.
    #[serde(default)]
    pub organizations: Vec<String>,
    /// Domains of e-mail addresses whose owners sign in here.
    #[serde(default)]
    pub email_domains: Vec<String>,
}

/// OpenID Connect Core 1.0, section 9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// The secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// The secret in the body.
    ClientSecretPost,
    /// An assertion signed with a private key (RFC 7523).
    PrivateKeyJwt,
    /// None: a public client.
    None,
}

/// The `aud` of client assertions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssertionAudienceSetting {
    /// The issuer identifier.
    #[default]
    Issuer,
    /// The token endpoint's URL.
    TokenEndpoint,
}

/// When authorization requests are pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParSetting {
    /// Where the provider offers it.
    #[default]
    Auto,
    /// Not even there.
    Never,
    /// Always.
    Required,
}

/// How tokens are exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeSetting {
    /// OAuth 2.0 Token Exchange.
    #[default]
    Rfc8693,
    /// Auth0's Custom Token Exchange.
    Auth0,
    /// The on-behalf-of flow of Microsoft Entra ID.
    Entra,
    /// The provider exchanges none: remotes with a back end cannot be called.
    None,
}

/// Which exchanged tokens the provider is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntrospectionSetting {
    /// None.
    #[default]
    Never,
    /// Those that say nothing themselves.
    Opaque,
}

/// Which claims say what organizations a person belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationClaimsSetting {
    /// `org_id`, `org_name`, `organizations` and `roles`.
    #[default]
    Portal,
    /// Keycloak's `organization`.
    Keycloak,
}

/// An `actor_token` in every exchange (RFC 8693, section 2.1): the portal's own, by client credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorSettings {
    /// What the provider wants an actor token to be for: itself, as a rule.
    pub audience: String,
    /// Scopes of that token.
    #[serde(default)]
    pub scopes: Vec<String>,
}

fn es256() -> SigningAlgorithm {
    SigningAlgorithm::Es256
}

impl ProviderSettings {
    /// What contradicts itself in this one.
    pub(super) fn problems(&self, production: bool) -> Vec<String> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                problems.push(format!("identity.providers: {} {what}", self.name));
            }
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        must(
            !self.name.is_empty()
                && self.name != crate::providers::DEFAULT_NAME
                && self.name.chars().all(plain),
            "is no name: lower case, digits and hyphens make one, and \"default\" is taken",
        );
        let secret = matches!(
            self.client_auth,
            ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost
        );
        must(
            !secret || self.client_secret_file.is_some(),
            "needs client_secret_file, or another client_auth",
        );
        let key = self.client_auth == ClientAuthMethod::PrivateKeyJwt;
        must(!key || self.client_key_file.is_some(), "needs client_key_file, for private_key_jwt");
        must(
            self.exchange != ExchangeSetting::Auth0 || self.exchange_subject_token_type.is_some(),
            "needs exchange_subject_token_type, for auth0",
        );
        must(
            self.exchange != ExchangeSetting::Entra || !self.exchange_own_audiences.is_empty(),
            "needs exchange_own_audiences, for entra",
        );
        must(
            self.exchange_actor.is_none() || self.exchange == ExchangeSetting::Rfc8693,
            "has exchange_actor, which is for rfc8693",
        );
        must(!production || self.issuer.scheme() == "https", "must have an https issuer in production");
        problems
    }
}
