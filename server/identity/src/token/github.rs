use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use portico_ports::{Clock, HttpClient, HttpClientError};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::response::LONGEST_LIFETIME;
use super::{
    AudienceEvidence, BearerToken, ExchangeError, ExchangeRequest, ExchangedToken, GitHubAppKey, Scope,
    TokenExchange,
};
use crate::answer;

/// Installation access tokens of a GitHub App ("REST API endpoints for GitHub Apps", GitHub Docs). Nobody's personal token
/// is involved: what the token may do is what the organization installed the App for, and no more than was asked.
///
/// The scope's values are GitHub's permissions with their level: `contents:read`, `issues:write`. Such a token acts for the
/// App, whoever asks, so it is best cached for [`Holder::Portal`](super::Holder::Portal): one per organization.
pub struct GitHubApp {
    config: GitHubAppConfig,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
}

/// A GitHub App, as its operator registered it.
#[derive(Debug)]
pub struct GitHubAppConfig {
    /// `https://api.github.com`, or `https://<host>/api/v3` of an own server.
    pub api_url: Url,
    /// The audience that manifests name for it.
    pub audience: String,
    /// The App's client ID (or its App ID): `iss` of what it signs.
    pub client_id: String,
    /// The App's private key. Until one was read there are no tokens; another one changes nothing for those that were made.
    pub key: Arc<GitHubAppKey>,
    /// Where each organization of the portal has installed it. An organization that is not named gets no token.
    pub installations: HashMap<String, Installation>,
}

/// One installation of the App.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// GitHub's id for it.
    pub id: u64,
    /// The repositories that tokens are narrowed to, by name without owner; empty means every one that was installed for.
    pub repositories: Vec<String>,
}

/// How long before now the App's JWT begins, for clocks that differ ("Generating a JSON Web Token (JWT) for a GitHub App").
const BACKDATED: Duration = Duration::seconds(60);
/// GitHub takes ten minutes at most, by its own clock.
const JWT_LIFETIME: Duration = Duration::minutes(5);

/// The App's claims.
#[derive(Serialize)]
struct AppClaims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

#[derive(Serialize)]
struct Asked<'a> {
    permissions: &'a Permissions,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    repositories: &'a [String],
}

type Permissions = BTreeMap<String, String>;

/// "Create an installation access token for an app", 201.
#[derive(Deserialize)]
struct Created {
    token: String,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    permissions: Option<Permissions>,
    repository_selection: Option<String>,
}

impl GitHubApp {
    /// Mints tokens over `http`, whose time limit is the limit of a call.
    pub fn new(config: GitHubAppConfig, http: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Self { config, http, clock }
    }

    fn request(
        &self,
        installation: &Installation,
        permissions: &Permissions,
    ) -> Result<Request<Bytes>, ExchangeError> {
        let now = self.clock.now();
        let claims = AppClaims {
            iat: (now - BACKDATED).unix_timestamp(),
            exp: (now + JWT_LIFETIME).unix_timestamp(),
            iss: &self.config.client_id,
        };
        let key = self.config.key.current();
        let key = key.ok_or_else(|| {
            ExchangeError::Unavailable("the App's private key could not be read yet".to_owned())
        })?;
        let jwt = key.jwt(&claims).map_err(|error| ExchangeError::Unavailable(error.to_string()))?;
        let base = self.config.api_url.as_str().trim_end_matches('/');
        let asked = serde_json::to_vec(&Asked { permissions, repositories: &installation.repositories });
        Request::post(format!("{base}/app/installations/{}/access_tokens", installation.id))
            .header("accept", "application/vnd.github+json")
            .header("authorization", format!("Bearer {jwt}"))
            .header("content-type", "application/json")
            // Requests without it are refused.
            .header("user-agent", "portico")
            .header("x-github-api-version", "2022-11-28")
            .body(asked.unwrap_or_default().into())
            .map_err(|_| ExchangeError::Request("the App cannot be called with this configuration"))
    }

    fn accept(
        &self,
        response: &Response<Bytes>,
        request: &ExchangeRequest<'_>,
        asked: &Permissions,
        installation: &Installation,
    ) -> Result<ExchangedToken, ExchangeError> {
        let created: Created =
            answer::json(response).map_err(|_| ExchangeError::Answer("it is not an installation token"))?;
        if !created.token.starts_with("ghs_") {
            return Err(ExchangeError::Answer("the token is not one of an installation"));
        }
        if let Some(granted) = &created.permissions
            && !granted.iter().all(|(name, level)| is_asked(asked, name, level))
        {
            return Err(ExchangeError::Answer("the permissions are wider than asked"));
        }
        let narrowed = !installation.repositories.is_empty();
        if narrowed && created.repository_selection.as_deref().is_some_and(|kind| kind != "selected") {
            return Err(ExchangeError::Answer("the token is for more repositories than asked"));
        }
        let now = self.clock.now();
        if created.expires_at <= now {
            return Err(ExchangeError::Answer("the access token has expired"));
        }
        Ok(ExchangedToken {
            token: BearerToken::parse(created.token)
                .ok_or(ExchangeError::Answer("the token is not a bearer token"))?,
            audience: request.audience.to_owned(),
            audience_evidence: AudienceEvidence::Unverified,
            scope: created.permissions.as_ref().map_or_else(|| request.scope.clone(), scope_of),
            expires_at: created.expires_at.min(now + LONGEST_LIFETIME),
        })
    }
}

impl fmt::Debug for GitHubApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GitHubApp").field("config", &self.config).finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenExchange for GitHubApp {
    /// The subject is not looked at, and nothing of it is sent: a person's token is nothing to GitHub.
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        if request.audience != self.config.audience {
            return Err(ExchangeError::Request("the App has no tokens for this audience"));
        }
        let installation = request.organization.and_then(|name| self.config.installations.get(name));
        let installation =
            installation.ok_or(ExchangeError::Request("the organization has not installed the App"))?;
        let permissions = permissions(request.scope)?;
        let outbound = self.request(installation, &permissions)?;
        let answer = self.http.send(outbound).await.map_err(|error| match error {
            HttpClientError::Timeout => ExchangeError::Timeout,
            HttpClientError::TooLarge => ExchangeError::Answer("it is larger than the limit"),
            HttpClientError::Connection(_) => ExchangeError::Unavailable(error.to_string()),
        })?;
        if answer.status() == StatusCode::CREATED {
            return self.accept(&answer, &request, &permissions, installation);
        }
        if answer.status() == StatusCode::UNAUTHORIZED {
            self.config.key.tell_refused();
        }
        Err(failure(&answer))
    }
}

/// What is asked for. Nothing would mean everything that the App was installed for, so it is refused.
fn permissions(scope: &Scope) -> Result<Permissions, ExchangeError> {
    let permission = |value: &str| {
        let (name, level) = value.split_once(':')?;
        let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        (named && rank(level).is_some()).then(|| (name.to_owned(), level.to_owned()))
    };
    let permissions: Option<Permissions> = scope.iter().map(permission).collect();
    match permissions {
        // One name at two levels would leave it to chance which one is asked for.
        Some(permissions) if !permissions.is_empty() && permissions.len() == scope.iter().count() => {
            Ok(permissions)
        }
        _ => Err(ExchangeError::Request("the scope is not a list of permissions such as contents:read")),
    }
}

/// Whether a granted permission is within what was asked. GitHub adds `metadata:read` to every token.
fn is_asked(asked: &Permissions, name: &str, level: &str) -> bool {
    let within = |limit: &String| rank(level).is_some() && rank(level) <= rank(limit);
    asked.get(name).is_some_and(within) || (name, level) == ("metadata", "read")
}

fn rank(level: &str) -> Option<u8> {
    match level {
        "read" => Some(1),
        "write" => Some(2),
        "admin" => Some(3),
        _ => None,
    }
}

fn scope_of(permissions: &Permissions) -> Scope {
    let values: Vec<String> = permissions.iter().map(|(name, level)| format!("{name}:{level}")).collect();
    values.iter().map(String::as_str).collect()
}

/// GitHub's errors have no codes, so they are told apart by status; a rate limit comes as 403 or 429 ("Rate limits for the
/// REST API").
fn failure(response: &Response<Bytes>) -> ExchangeError {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let limited = header("retry-after").is_some() || header("x-ratelimit-remaining") == Some("0");
    let refused = |code: &str| ExchangeError::Refused { code: code.to_owned() };
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => ExchangeError::Unavailable("its rate limit is reached".to_owned()),
        StatusCode::FORBIDDEN if limited => {
            ExchangeError::Unavailable("its rate limit is reached".to_owned())
        }
        StatusCode::UNAUTHORIZED => refused("invalid_client"),
        StatusCode::FORBIDDEN => refused("access_denied"),
        StatusCode::NOT_FOUND => refused("installation_not_found"),
        StatusCode::UNPROCESSABLE_ENTITY => refused("invalid_scope"),
        status if status.is_server_error() => {
            ExchangeError::Unavailable(format!("it answered {}", status.as_u16()))
        }
        _ => ExchangeError::Answer("it is not an installation token"),
    }
}
