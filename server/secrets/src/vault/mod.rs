//! HashiCorp Vault's key-value engine, version 2, over its HTTP API.

mod answer;
mod login;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use portico_ports::{Clock, HttpClient};
use tokio::sync::Mutex;
use url::Url;

use self::answer::ReadAnswer;
use self::login::Login;
use super::{Fetched, Secret, SecretError, SecretSource};

pub use login::VaultAuth;

/// One Vault server, and how the portal proves itself there.
pub struct VaultConfig {
    /// `https://vault.example:8200`.
    pub address: Url,
    /// `X-Vault-Namespace`, where the server has several.
    pub namespace: Option<String>,
    /// How the portal gets its token.
    pub auth: VaultAuth,
}

/// Where in Vault a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultPlace {
    /// Where the engine is mounted: `secret`.
    pub mount: String,
    /// The secret's path below it.
    pub path: String,
    /// The field of its data that holds the value.
    pub field: String,
}

/// A secret in Vault ("KV secrets engine - version 2 (API)", Vault documentation). Its latest version is read.
pub struct Vault {
    server: Server,
    place: VaultPlace,
    url: Url,
    name: String,
}

/// A server, and the token in use there.
struct Server {
    config: VaultConfig,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    login: Mutex<Option<Login>>,
}

impl Vault {
    /// The secret at `place`.
    ///
    /// # Errors
    /// Names the place that makes no URL.
    pub fn secret(
        config: VaultConfig,
        place: VaultPlace,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let server = Server { config, http, clock, login: Mutex::default() };
        let name = format!("vault {}/{}#{}", place.mount, place.path, place.field);
        let url =
            server.url(&[&place.mount, "data", &place.path]).ok_or_else(|| format!("{name} is no place"))?;
        Ok(Self { server, place, url, name })
    }

    async fn read(&self, token: &Secret) -> Result<Response<Bytes>, SecretError> {
        let request = Request::get(self.url.as_str());
        self.server.send(&self.name, request, Some(token), Bytes::new()).await
    }

    fn value(&self, answer: &Response<Bytes>) -> Result<Fetched, SecretError> {
        let unavailable =
            |reason: &str| SecretError::Unavailable { name: self.name.clone(), reason: reason.to_owned() };
        // The error of the parser would quote what it read.
        let answer: ReadAnswer =
            serde_json::from_slice(answer.body()).map_err(|_| unavailable("it is no secret of version 2"))?;
        let mut data = answer.data.data.ok_or_else(|| SecretError::Absent { name: self.name.clone() })?;
        let value = data.remove(&self.place.field).ok_or_else(|| unavailable("it has no such field"))?;
        let value = value.0.ok_or_else(|| unavailable("the field is no text"))?;
        let plain = Fetched::plain(&self.name, value)?;
        Ok(Fetched { version: Some(answer.data.metadata.version), ..plain })
    }
}

#[async_trait]
impl SecretSource for Vault {
    fn name(&self) -> &str {
        &self.name
    }

    async fn fetch(&self) -> Result<Fetched, SecretError> {
        let token = self.server.token(&self.name).await?;
        let mut answer = self.read(&token).await?;
        if answer.status() == StatusCode::FORBIDDEN {
            // A token that was revoked before its time is refused like one that may not read this.
            self.server.forget(&token).await;
            let token = self.server.token(&self.name).await?;
            answer = self.read(&token).await?;
        }
        match answer.status() {
            StatusCode::OK => self.value(&answer),
            StatusCode::NOT_FOUND => Err(SecretError::Absent { name: self.name.clone() }),
            status if status.is_client_error() => {
                Err(SecretError::Refused { name: self.name.clone(), status: status.as_u16() })
            }
            status => {
                Err(SecretError::Unavailable { name: self.name.clone(), reason: format!("status {status}") })
            }
        }
    }
}

impl Server {
    /// `/v1/` and what follows; none where a part could be read as something else than itself.
    fn url(&self, parts: &[&str]) -> Option<Url> {
        let mut url = self.config.address.clone();
        let plain = |segment: &str| {
            !segment.is_empty()
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
                && !segment.trim_matches('.').is_empty()
        };
        {
            let mut segments = url.path_segments_mut().ok()?;
            segments.pop_if_empty().push("v1");
            for segment in parts.iter().flat_map(|part| part.split('/')) {
                if !plain(segment) {
                    return None;
                }
                segments.push(segment);
            }
        }
        Some(url)
    }

    async fn send(
        &self,
        name: &str,
        mut request: http::request::Builder,
        token: Option<&Secret>,
        body: Bytes,
    ) -> Result<Response<Bytes>, SecretError> {
        let unavailable = |reason: String| SecretError::Unavailable { name: name.to_owned(), reason };
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(token.expose()).map_err(|_| SecretError::Unusable {
                name: name.to_owned(),
                reason: "the token fits no header".to_owned(),
            })?;
            value.set_sensitive(true);
            request = request.header("x-vault-token", value);
        }
        if let Some(namespace) = &self.config.namespace {
            request = request.header("x-vault-namespace", namespace);
        }
        // Vault's agent and proxy ask for it, so that no page can be made to send a request to them.
        let request = request.header("x-vault-request", "true").body(body);
        let request = request.map_err(|error| unavailable(error.to_string()))?;
        self.http.send(request).await.map_err(|error| unavailable(error.to_string()))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("name", &self.name).finish_non_exhaustive()
    }
}
