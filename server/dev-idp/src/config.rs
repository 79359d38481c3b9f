use std::fmt;

use thiserror::Error;
use time::Duration;
use url::{Host, Url};

use crate::demo::{self, Account, Organization};

/// Where the process runs. The provider exists only outside production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine or a test run.
    Development,
    /// Anything that people depend on.
    Production,
}

/// Everything the provider is told at start.
#[derive(Clone, Debug)]
pub struct DevIdpConfig {
    /// The issuer identifier; its host must be loopback, and the router is nested under its path.
    pub issuer: Url,
    /// Where the process runs.
    pub environment: Environment,
    /// The relying parties.
    pub clients: Vec<Client>,
    /// What tokens may be exchanged for at first.
    pub audiences: Vec<Audience>,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// Who can sign in.
    pub accounts: Vec<Account>,
    /// The organizations that accounts belong to.
    pub organizations: Vec<Organization>,
}

impl DevIdpConfig {
    /// The demo accounts and organizations, with default lifetimes, in development.
    pub fn demo(issuer: Url, clients: Vec<Client>, audiences: Vec<Audience>) -> Self {
        Self {
            issuer,
            environment: Environment::Development,
            clients,
            audiences,
            lifetimes: Lifetimes::default(),
            accounts: demo::accounts(),
            organizations: demo::organizations(),
        }
    }
}

/// A confidential relying party.
#[derive(Clone)]
pub struct Client {
    /// Its `client_id`.
    pub client_id: String,
    /// Its `client_secret`, for `client_secret_basic` and `client_secret_post`.
    pub client_secret: String,
    /// What the sign-in page calls it.
    pub client_name: String,
    /// Where codes may be sent; compared as whole strings (RFC 9700, section 4.1.3).
    pub redirect_uris: Vec<Url>,
    /// Where a browser may go after logout.
    pub post_logout_redirect_uris: Vec<Url>,
    /// Where logout tokens are posted (OpenID Connect Back-Channel Logout 1.0).
    pub backchannel_logout_uri: Option<Url>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// An upstream that tokens may be exchanged for (RFC 8693, section 2.1).
#[derive(Clone, Debug)]
pub struct Audience {
    /// The value of `audience` in the request and of `aud` in the token.
    pub audience: String,
    /// The scopes that may be asked for it.
    pub scopes: Vec<String>,
}

/// How long things live.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Access tokens, exchanged ones included.
    pub access_token: Duration,
    /// ID tokens.
    pub id_token: Duration,
    /// A chain of refresh tokens, and the sign-in at the provider, counted from the login.
    pub refresh_token: Duration,
    /// Authorization codes.
    pub code: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token: Duration::minutes(5),
            id_token: Duration::minutes(5),
            refresh_token: Duration::hours(8),
            code: Duration::seconds(60),
        }
    }
}

/// Why the provider was not built.
#[derive(Debug, Error)]
pub enum DevIdpError {
    /// It signs anyone in without a password.
    #[error("the development identity provider does not run in production; configure an OIDC provider")]
    Production,
    /// The issuer can be reached from other machines.
    #[error("the issuer {issuer} of the development identity provider is not on loopback")]
    NotLoopback {
        /// The issuer as configured.
        issuer: String,
    },
    /// OpenID Connect Discovery 1.0, section 3: a URL without query or fragment, http only because of loopback.
    #[error("the issuer {issuer} must be an http or https URL without query or fragment")]
    Issuer {
        /// The issuer as configured.
        issuer: String,
    },
    /// An account without an organization could not be given `org_id`.
    #[error("the account {username} belongs to no known organization")]
    Membership {
        /// The account's name.
        username: String,
    },
    /// Two clients would answer to one name.
    #[error("the client {client_id} is configured twice")]
    DuplicateClient {
        /// The repeated `client_id`.
        client_id: String,
    },
    /// No usable signing key came out of the source of randomness.
    #[error("no signing key could be generated")]
    SigningKey,
}

pub(crate) fn check(config: &DevIdpConfig) -> Result<(), DevIdpError> {
    if config.environment == Environment::Production {
        return Err(DevIdpError::Production);
    }
    check_issuer(&config.issuer)?;
    for (index, client) in config.clients.iter().enumerate() {
        if config.clients[..index].iter().any(|other| other.client_id == client.client_id) {
            return Err(DevIdpError::DuplicateClient { client_id: client.client_id.clone() });
        }
    }
    for account in &config.accounts {
        let known = |id: &str| config.organizations.iter().any(|organization| organization.id == id);
        let memberships = &account.memberships;
        if memberships.is_empty() || !memberships.iter().all(|membership| known(&membership.organization)) {
            return Err(DevIdpError::Membership { username: account.username.clone() });
        }
    }
    Ok(())
}

fn check_issuer(issuer: &Url) -> Result<(), DevIdpError> {
    let scheme_known = matches!(issuer.scheme(), "http" | "https");
    if !scheme_known
        || issuer.query().is_some()
        || issuer.fragment().is_some()
        || !issuer.username().is_empty()
    {
        return Err(DevIdpError::Issuer { issuer: issuer.to_string() });
    }
    match issuer.host() {
        Some(host) if is_loopback(&host.to_owned()) => Ok(()),
        _ => Err(DevIdpError::NotLoopback { issuer: issuer.to_string() }),
    }
}

/// Whether a host can only mean this machine: 127.0.0.0/8, `::1`, or the name `localhost` (RFC 6761, section 6.3).
pub(crate) fn is_loopback(host: &Host<String>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
    }
}
