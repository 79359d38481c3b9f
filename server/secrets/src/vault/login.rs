use std::fmt;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::Server;
use super::answer::LoginAnswer;
use crate::{Secret, SecretError, SecretSource};

/// How the portal gets its token. What proves it is read anew for each login.
pub enum VaultAuth {
    /// The token itself, as an agent beside the portal keeps it in a file.
    Token(Box<dyn SecretSource>),
    /// "AppRole auth method (API)", Vault documentation.
    AppRole {
        /// Where the method is mounted: `approle`.
        mount: String,
        /// `role_id`.
        role_id: String,
        /// `secret_id`.
        secret_id: Box<dyn SecretSource>,
    },
    /// "Kubernetes auth method (API)", Vault documentation.
    Kubernetes {
        /// Where the method is mounted: `kubernetes`.
        mount: String,
        /// The role.
        role: String,
        /// The service account's token.
        jwt: Box<dyn SecretSource>,
    },
}

/// A token in use.
pub(super) struct Login {
    token: Secret,
    /// None for one that does not end, as far as is known here.
    until: Option<OffsetDateTime>,
}

impl Server {
    /// The token, got anew with a third of its time left. Whoever comes meanwhile waits for the same one.
    pub(super) async fn token(&self, name: &str) -> Result<Secret, SecretError> {
        let now = self.clock.now();
        let mut login = self.login.lock().await;
        if let Some(known) = login.as_ref().filter(|known| known.until.is_none_or(|until| now < until)) {
            return Ok(known.token.clone());
        }
        let fresh = self.log_in(name, now).await?;
        let token = fresh.token.clone();
        // A token from a file is the file's business: it is read for each use.
        *login = (!matches!(self.config.auth, VaultAuth::Token(_))).then_some(fresh);
        Ok(token)
    }

    /// Forgets `refused`, unless another one is in use already.
    pub(super) async fn forget(&self, refused: &Secret) {
        let mut login = self.login.lock().await;
        if login.as_ref().is_some_and(|known| known.token == *refused) {
            *login = None;
        }
    }

    async fn log_in(&self, name: &str, now: OffsetDateTime) -> Result<Login, SecretError> {
        let (mount, proof) = match &self.config.auth {
            VaultAuth::Token(source) => {
                return Ok(Login { token: source.fetch().await?.secret, until: None });
            }
            VaultAuth::AppRole { mount, role_id, secret_id } => {
                let secret_id = secret_id.fetch().await?.secret;
                (mount, json!({ "role_id": role_id, "secret_id": secret_id.expose() }))
            }
            VaultAuth::Kubernetes { mount, role, jwt } => {
                let jwt = jwt.fetch().await?.secret;
                (mount, json!({ "role": role, "jwt": jwt.expose() }))
            }
        };
        let unavailable =
            |reason: String| SecretError::Unavailable { name: format!("{name} (login)"), reason };
        let url = self
            .url(&["auth", mount, "login"])
            .ok_or_else(|| unavailable(format!("{mount:?} is no mount")))?;
        let request = Request::post(url.as_str()).header("content-type", "application/json");
        let answer = self.send(name, request, None, Bytes::from(proof.to_string())).await?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_client_error() => {
                return Err(SecretError::Refused {
                    name: format!("{name} (login)"),
                    status: status.as_u16(),
                });
            }
            status => return Err(unavailable(format!("status {status}"))),
        }
        let answer: LoginAnswer =
            serde_json::from_slice(answer.body()).map_err(|_| unavailable("it is no token".to_owned()))?;
        let seconds =
            i64::try_from(answer.auth.lease_duration).unwrap_or(i64::MAX / 2).min(60 * 60 * 24 * 365);
        let until = (seconds > 0).then(|| now + Duration::seconds(seconds) * 2 / 3);
        Ok(Login { token: Secret::new(answer.auth.client_token), until })
    }
}

impl fmt::Debug for VaultAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(…)",
            Self::AppRole { .. } => "AppRole(…)",
            Self::Kubernetes { .. } => "Kubernetes(…)",
        })
    }
}
