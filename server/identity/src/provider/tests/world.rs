use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use portico_ports::{Clock as _, HttpClient, HttpClientError, OsRandom, TestClock};
use serde_json::{Value, json};
use time::Duration;
use url::{Url, form_urlencoded};

use crate::client_auth::ClientAuth;
use crate::provider::{OrganizationClaims, Par, Provider, ProviderConfig, Secret, SignIn};
use crate::session::SessionState;
use crate::signing::SigningAlgorithm;
use crate::signing::tests::TestKey;

pub(crate) const ISSUER: &str = "https://idp.example/realm";
pub(crate) const CLIENT: &str = "portal";

pub(crate) type Answer = Result<Response<Bytes>, HttpClientError>;
type Respond = Box<dyn Fn(&Sent) -> Answer + Send>;

/// A form POST that the provider got.
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) fields: Vec<(String, String)>,
}

impl Sent {
    fn of(request: &Request<Bytes>) -> Self {
        let authorization = request.headers().get("authorization");
        Self {
            path: request.uri().path().to_owned(),
            authorization: authorization.map(|value| value.to_str().expect("text").to_owned()),
            fields: form_urlencoded::parse(request.body()).into_owned().collect(),
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut values =
            self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is sent twice");
        value
    }
}

/// A provider with metadata and keys that a test changes at will.
pub(crate) struct FakeProvider {
    pub(crate) metadata: Mutex<Value>,
    pub(crate) keys: Mutex<Vec<Value>>,
    pub(crate) key_fetches: AtomicUsize,
    pub(crate) down: Mutex<Option<HttpClientError>>,
    pub(crate) respond: Mutex<Respond>,
    pub(crate) sent: Mutex<Vec<Sent>>,
    /// Every other address that was asked for.
    pub(crate) strays: Mutex<Vec<String>>,
}

#[async_trait]
impl HttpClient for FakeProvider {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        if let Some(error) = self.down.lock().take() {
            return Err(error);
        }
        let address = request.uri().to_string();
        match address.strip_prefix(ISSUER) {
            Some("/.well-known/openid-configuration") => json_answer(200, &self.metadata.lock()),
            Some("/jwks") => {
                self.key_fetches.fetch_add(1, Ordering::SeqCst);
                json_answer(200, &json!({ "keys": *self.keys.lock() }))
            }
            Some("/token" | "/par" | "/revoke" | "/introspect") => {
                let sent = Sent::of(&request);
                let answer = (self.respond.lock())(&sent);
                self.sent.lock().push(sent);
                answer
            }
            _ => {
                self.strays.lock().push(address);
                json_answer(404, &json!({}))
            }
        }
    }
}

pub(crate) fn json_answer(status: u16, body: &Value) -> Answer {
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Bytes::from(body.to_string())).expect("an answer"))
}

fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize?tenant=1"),
        "token_endpoint": format!("{ISSUER}/token"),
        "revocation_endpoint": format!("{ISSUER}/revoke"),
        "introspection_endpoint": format!("{ISSUER}/introspect"),
        "jwks_uri": format!("{ISSUER}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

/// The relying party under test, its provider, and the clock of both.
pub(crate) struct World {
    pub(crate) idp: Arc<FakeProvider>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) key: TestKey,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With changes to what the portal is configured with.
    pub(crate) fn with(change: impl FnOnce(&mut ProviderConfig)) -> Self {
        let key = TestKey::es256(Some("k1"));
        let idp = Arc::new(FakeProvider {
            metadata: Mutex::new(metadata()),
            keys: Mutex::new(vec![json!(key.public)]),
            key_fetches: AtomicUsize::new(0),
            down: Mutex::default(),
            respond: Mutex::new(Box::new(|_| json_answer(500, &json!({})))),
            sent: Mutex::default(),
            strays: Mutex::default(),
        });
        let clock = Arc::new(TestClock::default());
        let mut config = ProviderConfig {
            issuer: url(ISSUER),
            client_id: CLIENT.to_owned(),
            client_auth: ClientAuth::SecretBasic(Secret("s3cret".to_owned())),
            redirect_uri: url("https://portal.example/auth/callback"),
            post_logout_redirect_uri: url("https://portal.example/"),
            scopes: vec!["profile".to_owned()],
            par: Par::Auto,
            organization_claims: OrganizationClaims::Portal,
            claims: Vec::new(),
        };
        change(&mut config);
        let http: Arc<dyn HttpClient> = Arc::clone(&idp) as _;
        let provider = Provider::new(config, http, Arc::clone(&clock) as _, Arc::new(OsRandom));
        Self { idp, clock, provider: Arc::new(provider), key }
    }

    pub(crate) fn in_seconds(&self, seconds: i64) -> i64 {
        self.clock.now().unix_timestamp() + seconds
    }

    pub(crate) fn key_fetches(&self) -> usize {
        self.idp.key_fetches.load(Ordering::SeqCst)
    }

    /// Every call from now on is answered so.
    pub(crate) fn answers(&self, status: u16, body: Value) {
        self.responds(move |_| json_answer(status, &body));
    }

    pub(crate) fn responds(&self, respond: impl Fn(&Sent) -> Answer + Send + 'static) {
        *self.idp.respond.lock() = Box::new(respond);
    }

    /// A sound id_token with `changes`; `null` takes a claim out.
    pub(crate) fn id_token(&self, key: &TestKey, kid: Option<&str>, changes: Value) -> String {
        let claims = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "alice", "nonce": "nonce",
            "iat": self.in_seconds(-1), "exp": self.in_seconds(300),
        });
        signed(key, json!({ "alg": "ES256", "kid": kid }), &merged(claims, changes))
    }

    /// The token endpoint answers with this id_token.
    pub(crate) fn answers_with(&self, id_token: String) {
        self.answers(200, json!({
            "access_token": "at", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt2", "id_token": id_token,
        }));
    }

    /// Alice's session as it stands after a login here.
    pub(crate) async fn session(&self) -> SessionState {
        self.answers_with(self.id_token(&self.key, Some("k1"), json!({})));
        let sign_in: SignIn = self.provider.redeem("code", "verifier", "nonce").await.expect("a sign-in");
        sign_in.into_state(self.clock.now(), Duration::hours(8))
    }
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

pub(crate) fn merged(mut base: Value, changes: Value) -> Value {
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

/// A JWT with a header of any kind; members that are `null` are left out. The signature is ES256.
pub(crate) fn signed(key: &TestKey, header: Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}", part(&merged(json!({}), header)), part(claims));
    let signature = key.signing(SigningAlgorithm::Es256).sign(unsigned.as_bytes()).expect("a signature");
    format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
}
