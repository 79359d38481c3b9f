use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use portico_ports::{Clock as _, HttpClient, HttpClientError, OsRandom, TestClock};
use serde_json::{Value, json};
use url::Url;

use crate::client_auth::ClientAuth;
use crate::provider::{OrganizationClaims, Par, Provider, ProviderConfig, Secret};
use crate::token::{
    ExchangeError, ExchangeRequest, ExchangedToken, Rfc8693, Scope, Subject, TokenExchange as _,
};

pub(super) const TODOS: &str = "https://api.example/todos";
pub(super) const SUBJECT: &str = "subject-token";
const ISSUER: &str = "http://127.0.0.1:9";

type Answer = Result<Response<Bytes>, HttpClientError>;

/// A provider that discovers itself and answers its token endpoint from a list.
#[derive(Default)]
pub(super) struct FakeProvider {
    answers: Mutex<VecDeque<Answer>>,
    pub(super) requests: Mutex<Vec<Request<Bytes>>>,
}

#[async_trait]
impl HttpClient for FakeProvider {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        match request.uri().path() {
            "/.well-known/openid-configuration" => json_answer(200, &metadata()),
            "/jwks" => json_answer(200, &json!({ "keys": [] })),
            _ => {
                self.requests.lock().push(request);
                self.answers.lock().pop_front().expect("the test expects this call")
            }
        }
    }
}

fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"),
        "jwks_uri": format!("{ISSUER}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

pub(super) fn json_answer(status: u16, body: &Value) -> Answer {
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Bytes::from(body.to_string())).expect("an answer"))
}

/// The exchange under test, with its provider and clock.
pub(super) struct World {
    pub(super) provider: Arc<FakeProvider>,
    pub(super) clock: Arc<TestClock>,
    exchange: Rfc8693,
}

impl World {
    pub(super) fn new() -> Self {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let http = Arc::new(FakeProvider::default());
        let clock = Arc::new(TestClock::default());
        let config = ProviderConfig {
            issuer: url(ISSUER),
            client_id: "portal".to_owned(),
            client_auth: ClientAuth::SecretBasic(Secret("s3cret".to_owned())),
            redirect_uri: url("http://127.0.0.1:3000/auth/callback"),
            post_logout_redirect_uri: url("http://127.0.0.1:3000/"),
            scopes: Vec::new(),
            par: Par::Auto,
            organization_claims: OrganizationClaims::Portal,
            claims: Vec::new(),
        };
        let provider =
            Provider::new(config, Arc::clone(&http) as _, Arc::clone(&clock) as _, Arc::new(OsRandom));
        let exchange = Rfc8693::new(Arc::new(provider));
        Self { provider: http, clock, exchange }
    }

    /// Asks for `todos.read todos.write` and lets the provider answer so.
    pub(super) async fn exchange(&self, answer: Answer) -> Result<ExchangedToken, ExchangeError> {
        self.exchange_for(answer, "todos.read todos.write", None).await
    }

    pub(super) async fn exchange_for(
        &self,
        answer: Answer,
        scope: &str,
        resource: Option<&str>,
    ) -> Result<ExchangedToken, ExchangeError> {
        self.provider.answers.lock().push_back(answer);
        let scope = Scope::parse(scope);
        let request = ExchangeRequest {
            subject: Subject::Person(SUBJECT),
            organization: Some("acme"),
            audience: TODOS,
            resource,
            scope: &scope,
        };
        self.exchange.exchange(request).await
    }

    /// A sound answer, with `changes` over it; `null` takes a member out.
    pub(super) fn sound(&self, changes: Value) -> Answer {
        let claims = json!({ "aud": TODOS, "exp": self.in_seconds(300), "scope": "todos.read" });
        let sound = json!({
            "access_token": jwt(&claims),
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "todos.read",
        });
        json_answer(200, &merged(sound, changes))
    }

    /// A sound answer whose JWT has `changes` over its claims.
    pub(super) fn sound_with_claims(&self, changes: Value) -> Answer {
        let claims = json!({ "aud": TODOS, "exp": self.in_seconds(300), "scope": "todos.read" });
        self.sound(json!({ "access_token": jwt(&merged(claims, changes)) }))
    }

    pub(super) fn in_seconds(&self, seconds: i64) -> i64 {
        self.clock.now().unix_timestamp() + seconds
    }
}

fn merged(mut base: Value, changes: Value) -> Value {
    let members = base.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

pub(super) fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({ "alg": "ES256", "typ": "at+jwt" })), part(claims))
}
