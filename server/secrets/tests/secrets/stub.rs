//! A Vault that knows one login and one secret, and refuses a request when anything of it is different.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use portico_ports::{HttpClient, HttpClientError};
use serde_json::Value;
use tokio::sync::Mutex;

/// "KV secrets engine - version 2 (API)", "Read secret version", sample response (Vault documentation,
/// <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version>).
pub const READ: &str = r#"{
  "data": {
    "data": { "foo": "bar" },
    "metadata": {
      "created_time": "2018-03-22T02:24:06.945319214Z",
      "custom_metadata": { "owner": "jdoe", "mission_critical": "false" },
      "deletion_time": "",
      "destroyed": false,
      "version": 2
    }
  }
}"#;

/// "AppRole auth method (API)", "Login with AppRole", sample response
/// (<https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle>).
pub const APP_ROLE: &str = r#"{
  "auth": {
    "renewable": true,
    "lease_duration": 1200,
    "metadata": null,
    "token_policies": ["default"],
    "accessor": "fd6c9a00-d2dc-3b11-0be5-af7ae0e1d374",
    "client_token": "5b1a0318-679c-9c45-e5c6-d1b9a9035d49"
  },
  "warnings": null, "wrap_info": null, "data": null, "lease_duration": 0, "renewable": false, "lease_id": ""
}"#;

/// "Kubernetes auth method (API)", "Login", sample response
/// (<https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#login>).
pub const KUBERNETES: &str = r#"{
  "auth": {
    "client_token": "62b858f9-529c-6b26-e0b8-0457b6aacdb4",
    "accessor": "afa306d0-be3d-c8d2-b0d7-2676e1c0d9b4",
    "policies": ["default"],
    "metadata": { "role": "test", "service_account_name": "vault-auth", "service_account_namespace": "default" },
    "lease_duration": 2764800,
    "renewable": true
  }
}"#;

/// The tokens that those logins give, and the samples' credentials.
pub const APP_ROLE_TOKEN: &str = "5b1a0318-679c-9c45-e5c6-d1b9a9035d49";
pub const KUBERNETES_TOKEN: &str = "62b858f9-529c-6b26-e0b8-0457b6aacdb4";
pub const ROLE_ID: &str = "59d6d1ca-47bb-4e7e-a40b-8be3bc5a0ba8";
pub const SECRET_ID: &str = "84896a0c-1347-aa90-a4f6-aca8b7558780";

/// What it takes, and what it answers then.
#[derive(Clone, Debug)]
pub struct Behaviour {
    pub token: String,
    pub namespace: Option<String>,
    /// Path, body and answer of a login.
    pub login: Option<(&'static str, Value, &'static str)>,
    pub read: (StatusCode, String),
}

#[derive(Clone)]
pub struct StubVault {
    pub behaviour: Arc<Mutex<Behaviour>>,
    pub logins: Arc<AtomicUsize>,
}

impl StubVault {
    pub fn new(behaviour: Behaviour) -> Self {
        Self { behaviour: Arc::new(Mutex::new(behaviour)), logins: Arc::default() }
    }
}

#[async_trait]
impl HttpClient for StubVault {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpClientError> {
        let behaviour = self.behaviour.lock().await.clone();
        let header = |name: &str| {
            request.headers().get(name).map(|value| value.to_str().expect("a header is text").to_owned())
        };
        let known = header("x-vault-namespace") == behaviour.namespace
            && header("x-vault-request").as_deref() == Some("true");
        let uri = request.uri().to_string();
        let path = uri.strip_prefix("https://vault.example:8200").unwrap_or("elsewhere");
        let proof: Option<Value> = serde_json::from_slice(request.body()).ok();
        let (status, body) = match (request.method().as_str(), &behaviour.login) {
            ("GET", _)
                if known
                    && path == "/v1/secret/data/acme/legacy"
                    && header("x-vault-token").as_ref() == Some(&behaviour.token)
                    && request.body().is_empty() =>
            {
                behaviour.read
            }
            ("POST", Some((login, expected, answer)))
                if known
                    && path == *login
                    && header("x-vault-token").is_none()
                    && proof.as_ref() == Some(expected) =>
            {
                self.logins.fetch_add(1, Ordering::SeqCst);
                (StatusCode::OK, (*answer).to_owned())
            }
            _ => (StatusCode::FORBIDDEN, r#"{"errors":["permission denied"]}"#.to_owned()),
        };
        Ok(Response::builder().status(status).body(Bytes::from(body)).expect("a response"))
    }
}
