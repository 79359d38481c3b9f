//! Providers whose way to exchange is their own, from the login to the call that a service sees. Their token endpoints are
//! what the documentation says: they take each parameter once, with one value, and nothing else.
//!
//! Auth0 Docs, "Call Your API Using the Custom Token Exchange Flow" (the request) and "Custom Token Exchange" of the
//! Authentication API (the answer, which has no `issued_token_type`). Microsoft Learn, "Microsoft identity platform and OAuth
//! 2.0 On-Behalf-Of flow" ("Second case: Access token request with a certificate", "Success response example"), "Microsoft
//! identity platform application authentication certificate credentials" (the assertion), and "OAuth 2.0 client credentials
//! flow on the Microsoft identity platform".

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portico::config::Config;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::test_app::{
    Browser, CLIENT_ID, FakeProvider, ISSUER, TODOS_AUDIENCE, TestApp, json_response, private_key_pem,
    unsigned_jwt,
};

type Takes = Arc<dyn Fn(&str) -> bool + Send + Sync>;
type Pair = (String, String);

/// A token endpoint that takes exactly these parameters.
#[derive(Clone)]
struct Documented {
    takes: Vec<(&'static str, Takes)>,
    answer: Value,
}

fn is(text: impl Into<String>) -> Takes {
    let text = text.into();
    Arc::new(move |value| value == text)
}

impl Documented {
    fn accepts(&self, sent: &[Pair]) -> bool {
        let mut names: Vec<_> = sent.iter().map(|(name, _)| name.as_str()).collect();
        let mut known: Vec<_> = self.takes.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        known.sort_unstable();
        let fits = |name: &str, takes: &Takes| sent.iter().any(|(sent, value)| sent == name && takes(value));
        names == known && self.takes.iter().all(|(name, takes)| fits(name, takes))
    }

    /// The same, but for one parameter, which has to be anything else.
    fn wanting_another(&self, parameter: usize) -> Self {
        let mut other = self.clone();
        let takes = other.takes[parameter].1.clone();
        other.takes[parameter].1 = Arc::new(move |value| !takes(value));
        other
    }

    /// Answers every token request in the provider's place, but those of logins and refreshes.
    fn answers(&self, app: &TestApp) {
        let documented = self.clone();
        app.outbound.answers(move |sent| {
            let of_a_login = ["authorization_code", "refresh_token"].contains(&sent.grant().as_str());
            (sent.url == format!("{ISSUER}/token") && !of_a_login).then(|| {
                let pairs: Vec<Pair> = url::form_urlencoded::parse(&sent.body).into_owned().collect();
                Ok(match documented.accepts(&pairs) {
                    true => json_response(200, &documented.answer),
                    false => {
                        json_response(400, &json!({ "error": "invalid_request", "error_description": "no" }))
                    }
                })
            })
        });
    }
}

/// The last exchange that was sent.
fn last_sent(app: &TestApp) -> Vec<Pair> {
    let sent =
        app.outbound.sent().into_iter().rfind(|sent| sent.url.ends_with("/token")).expect("a token request");
    url::form_urlencoded::parse(&sent.body).into_owned().collect()
}

/// A call whose service sees the exchanged token; before it, none that the provider refuses, whichever parameter it was.
async fn assert_every_parameter_counts(app: &TestApp, browser: &Browser, documented: &Documented) {
    for (place, (name, _)) in documented.takes.iter().enumerate() {
        documented.wanting_another(place).answers(app);
        let answer = browser.get("/bff/acme.todos/todos").send().await;
        assert_eq!(answer.problem_kind(403), "token-refused", "{name}");
        assert!(app.todos.seen().is_empty(), "{name}");
    }
    documented.answers(app);
    browser.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.todos.last().token(), documented.answer["access_token"]);

    let sent = last_sent(app);
    assert!(documented.accepts(&sent));
    for (place, (name, value)) in sent.iter().enumerate() {
        let with = |change: &dyn Fn(&mut Vec<Pair>)| {
            let mut changed = sent.clone();
            change(&mut changed);
            documented.accepts(&changed)
        };
        assert!(!with(&|sent| drop(sent.remove(place))), "without {name}");
        assert!(!with(&|sent| sent[place].1 = format!("{value}x")), "with another {name}");
        assert!(!with(&|sent| sent[place].1.clear()), "with an empty {name}");
        assert!(!with(&|sent| sent.push(sent[place].clone())), "with {name} twice");
    }
    assert!(
        !documented.accepts(&[&sent[..], &[("more".to_owned(), "x".to_owned())]].concat()),
        "with something else"
    );
}

fn set(settings: &mut Value, more: Value) {
    let more = more.as_object().expect("a table").clone();
    settings.as_object_mut().expect("a table").extend(more);
}

fn written(config: &Config, name: &str, text: &str) -> String {
    let file = config.data_dir.with_extension(name);
    std::fs::write(&file, text).expect("the file can be written");
    file.display().to_string()
}

async fn signed_in(app: &TestApp, provider: &FakeProvider) -> Browser {
    let browser = app.browser();
    provider.login(app, &browser, |_| {}).await.expect(303);
    browser
}

const TOKEN_TYPE: &str = "urn:acme:portico-session";

async fn auth0(provider: &FakeProvider) -> TestApp {
    TestApp::with_listed(provider, |config, settings| {
        let secret = written(config, "auth0", "a-client-secret");
        set(settings, json!({
            "client_auth": "client_secret_post", "client_secret_file": secret,
            "exchange": "auth0", "exchange_subject_token_type": TOKEN_TYPE, "exchange_organizations": true,
        }));
    })
    .await
}

/// Auth0's token endpoint, which answers with a token of these claims.
fn of_auth0(claims: &Value) -> Documented {
    let answer = json!({
        "access_token": unsigned_jwt(claims), "token_type": "Bearer", "expires_in": 86_400,
        "scope": "todos.read todos.write",
    });
    let takes = vec![
        ("grant_type", is("urn:ietf:params:oauth:grant-type:token-exchange")),
        ("subject_token_type", is(TOKEN_TYPE)),
        ("subject_token", is("an-access-token")),
        ("client_id", is(CLIENT_ID)),
        ("client_secret", is("a-client-secret")),
        ("audience", is(TODOS_AUDIENCE)),
        ("scope", is("todos.read todos.write")),
        ("organization", is("acme")),
    ];
    Documented { takes, answer }
}

fn auth0_claims(app: &TestApp) -> Value {
    let now = app.now();
    json!({
        "iss": format!("{ISSUER}/"), "sub": "auth0|person-1", "aud": TODOS_AUDIENCE, "iat": now, "exp": now + 86_400,
        "scope": "todos.read todos.write", "azp": CLIENT_ID, "org_id": "acme",
    })
}

#[tokio::test]
async fn auth0_exchanges_from_login_to_call_and_every_parameter_counts() {
    let provider = FakeProvider::new();
    let app = auth0(&provider).await;
    let browser = signed_in(&app, &provider).await;
    let documented = of_auth0(&auth0_claims(&app));
    assert_every_parameter_counts(&app, &browser, &documented).await;
    assert_eq!(app.todos.last().claims()["org_id"], "acme");
}

#[tokio::test]
async fn case_36_what_auth0_gives_beyond_what_was_asked_reaches_no_service() {
    let provider = FakeProvider::new();
    let app = auth0(&provider).await;
    let browser = signed_in(&app, &provider).await;
    for (claim, value) in [
        // Where a login's scopes are asked for too.
        ("aud", json!([TODOS_AUDIENCE, "https://idp.test/userinfo"])),
        ("scope", json!("todos.read todos.write org.admin")),
        ("org_id", json!("globex")),
        ("org_id", json!(null)),
    ] {
        let mut claims = auth0_claims(&app);
        claims[claim] = value.clone();
        of_auth0(&claims).answers(&app);
        let answer = browser.get("/bff/acme.todos/todos").send().await;
        assert_eq!(answer.problem_kind(502), "token-unavailable", "{claim}: {value}");
    }
    assert!(app.todos.seen().is_empty());
}

/// The portal's own API and the service, by application id.
const OWN_ID: &str = "11111111-2222-3333-4444-555555555555";
const TODOS_ID: &str = "66666666-7777-8888-9999-000000000000";
const CERTIFICATE: &[u8] = b"what a certificate is made of is the signer's business";

async fn entra(provider: &FakeProvider) -> TestApp {
    TestApp::with_listed(provider, |config, settings| {
        let certificate = STANDARD.encode(CERTIFICATE);
        let certificate = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
        let key = written(config, "entra-key", &private_key_pem());
        set(
            settings,
            json!({
                "client_auth": "private_key_jwt", "client_key_file": key, "client_key_algorithm": "PS256",
                "client_certificate_file": written(config, "entra-certificate", &certificate),
                "client_assertion_audience": "token_endpoint",
                "scopes": ["profile", "email", "offline_access", "api://portico/access"],
                "exchange": "entra", "exchange_own_audiences": [OWN_ID, "api://portico"],
                "exchange_application_ids": { TODOS_AUDIENCE: TODOS_ID },
            }),
        );
        config.identity.own_audiences = vec!["https://api.test/insights".to_owned()];
    })
    .await
}

/// What Entra reads of a client assertion. That the signature is the key's is shown where assertions are made.
fn client_assertion() -> Takes {
    Arc::new(|assertion| {
        let part = |place| {
            let part = assertion.split('.').nth(place)?;
            serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        let (Some(header), Some(claims)) = (part(0), part(1)) else { return false };
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(CERTIFICATE));
        let signature = assertion.split('.').nth(2).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        header["alg"] == "PS256"
            && header["typ"] == "JWT"
            && header["x5t#S256"] == thumbprint
            && claims["aud"] == format!("{ISSUER}/token")
            && claims["iss"] == CLIENT_ID
            && claims["sub"] == CLIENT_ID
            && claims["jti"].as_str().is_some_and(|id| !id.is_empty())
            && claims["exp"].as_i64() > claims["iat"].as_i64()
            && signature.is_some_and(|signature| signature.len() == 256)
    })
}

fn entra_client() -> [(&'static str, Takes); 3] {
    [
        ("client_id", is(CLIENT_ID)),
        ("client_assertion_type", is("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")),
        ("client_assertion", client_assertion()),
    ]
}

/// Entra's token endpoint on behalf of whoever this assertion is about, with a token of these claims.
fn of_entra(assertion: &str, claims: &Value) -> Documented {
    let mut takes = vec![
        ("grant_type", is("urn:ietf:params:oauth:grant-type:jwt-bearer")),
        ("assertion", is(assertion)),
        ("requested_token_use", is("on_behalf_of")),
        ("scope", is(format!("{TODOS_AUDIENCE}/todos.read {TODOS_AUDIENCE}/todos.write"))),
    ];
    takes.extend(entra_client());
    let answer = json!({
        "token_type": "Bearer", "scope": format!("{TODOS_AUDIENCE}/todos.read {TODOS_AUDIENCE}/todos.write"),
        "expires_in": 3269, "ext_expires_in": 0, "access_token": unsigned_jwt(claims),
        "refresh_token": "OAQABAAAAAABnfiG-mA6NTae7CdWW7Qfd",
    });
    Documented { takes, answer }
}

fn entra_claims(app: &TestApp) -> Value {
    let now = app.now();
    json!({
        "aud": TODOS_ID, "iss": ISSUER, "iat": now, "nbf": now, "exp": now + 3875, "azp": CLIENT_ID, "azpacr": "2",
        "oid": "d5e979c7", "sub": "mkL0pb", "scp": "todos.read todos.write", "tid": "72f988bf", "ver": "2.0",
    })
}

#[tokio::test]
async fn entra_exchanges_on_behalf_of_the_person_from_login_to_call_and_every_parameter_counts() {
    let provider = FakeProvider::new();
    let own = unsigned_jwt(&json!({ "aud": OWN_ID, "scp": "access", "ver": "2.0" }));
    provider.hands_out(&own);
    let app = entra(&provider).await;
    let browser = signed_in(&app, &provider).await;
    let documented = of_entra(&own, &entra_claims(&app));
    assert_every_parameter_counts(&app, &browser, &documented).await;
    assert_eq!(app.todos.last().claims()["oid"], "d5e979c7");
}

#[tokio::test]
async fn case_36_what_entra_gives_beyond_what_was_asked_reaches_no_service() {
    let provider = FakeProvider::new();
    let own = unsigned_jwt(&json!({ "aud": "api://portico", "scp": "access", "ver": "1.0" }));
    provider.hands_out(&own);
    let app = entra(&provider).await;
    let browser = signed_in(&app, &provider).await;
    for (claim, value) in [
        // Everything that was ever consented to.
        ("scp", json!("todos.read todos.write org.admin")),
        ("aud", json!(OWN_ID)),
        ("aud", json!("00000003-0000-0000-c000-000000000000")),
        ("org_id", json!("globex")),
    ] {
        let mut claims = entra_claims(&app);
        claims[claim] = value.clone();
        of_entra(&own, &claims).answers(&app);
        let answer = browser.get("/bff/acme.todos/todos").send().await;
        assert_eq!(answer.problem_kind(502), "token-unavailable", "{claim}: {value}");
    }
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn case_38_a_session_token_for_another_api_is_not_even_shown_to_entra() {
    let provider = FakeProvider::new();
    provider.hands_out(&unsigned_jwt(&json!({ "aud": "00000003-0000-0000-c000-000000000000" })));
    let app = entra(&provider).await;
    let browser = signed_in(&app, &provider).await;
    let before = app.outbound.sent().len();
    assert_eq!(browser.get("/bff/acme.todos/todos").send().await.problem_kind(502), "token-unavailable");
    assert_eq!(app.outbound.sent().len(), before);
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn entra_gives_the_portals_own_token_by_the_same_configuration() {
    let provider = FakeProvider::new();
    let app = entra(&provider).await;
    let browser = signed_in(&app, &provider).await;
    let now = app.now();
    let claims = json!({ "aud": "https://api.test/insights", "exp": now + 3600, "roles": ["Figures"], "idtyp": "app" });
    let mut takes =
        vec![("grant_type", is("client_credentials")), ("scope", is("https://api.test/insights/.default"))];
    takes.extend(entra_client());
    let answer = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": unsigned_jwt(&claims) });
    Documented { takes, answer: answer.clone() }.answers(&app);
    browser.get("/bff/acme.insights/figures").send().await.expect(200);
    assert_eq!(app.insights.last().token(), answer["access_token"]);
}
