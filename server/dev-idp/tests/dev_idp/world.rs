use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use portico_dev_idp::{Audience, Client, DevIdp, DevIdpConfig, router};
use portico_ports::{HttpClient, HttpClientError, OsRandom, TestClock};
use serde_json::Value;
use tower::ServiceExt as _;
use url::{Url, form_urlencoded};

pub(crate) const ISSUER: &str = "http://127.0.0.1:3000/dev/idp";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:3000/auth/callback";
pub(crate) const TODOS: &str = "https://api.example/todos";
/// The example of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// One provider and one browser.
pub(crate) struct World {
    pub(crate) idp: Arc<DevIdp>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) posted: Arc<Posted>,
    app: Router,
    cookie: Mutex<Option<String>>,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Keeps what the provider posts to its clients.
#[derive(Default)]
pub(crate) struct Posted(pub(crate) Mutex<Vec<(String, String)>>);

#[async_trait]
impl HttpClient for Posted {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpClientError> {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        self.0.lock().push((request.uri().to_string(), body));
        Ok(Response::new(Bytes::new()))
    }
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL in a test parses")
}

pub(crate) fn config(issuer: &str) -> DevIdpConfig {
    let client = |client_id: &str, port: u16| Client {
        client_id: client_id.to_owned(),
        client_secret: format!("{client_id} s3cret/+&="),
        client_name: "Portico".to_owned(),
        redirect_uris: vec![url(&format!("http://127.0.0.1:{port}/auth/callback"))],
        post_logout_redirect_uris: vec![url(&format!("http://127.0.0.1:{port}/"))],
        backchannel_logout_uri: Some(url(&format!("http://127.0.0.1:{port}/auth/backchannel-logout"))),
    };
    let audience = |name: &str, scopes: &[&str]| Audience {
        audience: name.to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
    };
    DevIdpConfig::demo(
        url(issuer),
        vec![client("portal", 3000), client("other", 4000)],
        vec![
            audience(TODOS, &["todos.read", "todos.write"]),
            audience("https://api.example/chat", &["chat.use"]),
        ],
    )
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(config(ISSUER))
    }

    pub(crate) fn with(config: DevIdpConfig) -> Self {
        Self::of(config, |idp| idp)
    }

    /// A provider that keeps what it must not forget in this file.
    pub(crate) fn kept_in(file: &Path) -> Self {
        Self::of(config(ISSUER), |idp| idp.remembering(file.to_owned()))
    }

    fn of(config: DevIdpConfig, change: impl FnOnce(DevIdp) -> DevIdp) -> Self {
        let clock = Arc::new(TestClock::default());
        let posted = Arc::new(Posted::default());
        let idp =
            DevIdp::new(config, Arc::clone(&clock) as _, Arc::new(OsRandom)).expect("the provider starts");
        let idp = Arc::new(change(idp).with_http_client(Arc::clone(&posted) as _));
        let app = Router::new().nest("/dev/idp", router(Arc::clone(&idp)));
        Self { idp, clock, posted, app, cookie: Mutex::default() }
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        if let Some(cookie) = self.cookie.lock().as_deref() {
            let value = format!("portico-dev-idp={cookie}").parse().expect("a cookie is a header value");
            request.headers_mut().insert(header::COOKIE, value);
        }
        let response = self.app.clone().oneshot(request).await.expect("the router is infallible");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body ends").to_bytes();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("answers are UTF-8"),
        };
        if let Some(set) = answer.header("set-cookie") {
            let value = set.split(';').next().and_then(|pair| pair.split_once('=')).map(|(_, value)| value);
            *self.cookie.lock() = value.filter(|value| !value.is_empty()).map(str::to_owned);
        }
        answer
    }

    /// Goes on with the browser of another provider.
    pub(crate) fn in_the_browser_of(self, other: &World) -> Self {
        self.cookie.lock().clone_from(&other.cookie.lock());
        self
    }

    pub(crate) fn forget_cookie(&self) {
        *self.cookie.lock() = None;
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a path in a test parses")).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], pairs: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).expect("a request in a test is well formed")).await
    }

    /// A form post as `portal`, with `client_secret_basic`.
    pub(crate) async fn call(&self, endpoint: &str, pairs: &[(&str, &str)]) -> Answer {
        self.post(&format!("/dev/idp/{endpoint}"), &[("authorization", &basic("portal"))], pairs).await
    }

    /// A sound authorization request, with `changes` over it; an empty value takes a parameter out.
    pub(crate) async fn authorize(&self, changes: &[(&str, &str)]) -> Answer {
        self.get(&format!("/dev/idp/authorize?{}", request_query(changes))).await
    }

    /// Signs in by `login_hint` and redeems the code.
    pub(crate) async fn log_in(&self, changes: &[(&str, &str)]) -> Value {
        let answer = self.authorize(changes).await;
        let code = answer.redirect_param("code").unwrap_or_else(|| panic!("a code, not {}", answer.body));
        let tokens = self.redeem(&code).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        tokens.json()
    }

    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.call("token", &pairs).await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.call("token", &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        let request =
            Request::get("/dev/idp/userinfo").header("authorization", format!("Bearer {access_token}"));
        self.send(request.body(Body::empty()).expect("a token is a header value")).await
    }
}

pub(crate) fn basic(client_id: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let secret = format!("{client_id} s3cret/+&=");
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(&secret))))
}

pub(crate) fn request_query(changes: &[(&str, &str)]) -> String {
    let sound = [
        ("response_type", "code"),
        ("client_id", "portal"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile email"),
        ("state", "st&te"),
        ("nonce", "n0nce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = sound.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let changed = changes.iter().filter(|(_, value)| !value.is_empty());
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept.chain(changed)).finish()
}

/// The payload of a JWT whose signature the test does not look at.
pub(crate) fn claims(jwt: &str) -> Value {
    part(jwt, 1)
}

pub(crate) fn jwt_header(jwt: &str) -> Value {
    part(jwt, 0)
}

fn part(jwt: &str, index: usize) -> Value {
    let part = jwt.split('.').nth(index).expect("a JWT has three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("JSON, not {}", self.body))
    }

    pub(crate) fn location(&self) -> Option<Url> {
        self.header("location").map(url)
    }

    /// A query parameter of the address this answer redirects to.
    pub(crate) fn redirect_param(&self, name: &str) -> Option<String> {
        let location = self.location()?;
        location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Asserts an RFC 6749 error.
    pub(crate) fn assert_error(&self, status: u16, error: &str) {
        assert_eq!(
            (self.status.as_u16(), self.json()["error"].as_str()),
            (status, Some(error)),
            "{}",
            self.body
        );
    }
}
