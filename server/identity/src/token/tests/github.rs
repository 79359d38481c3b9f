//! "REST API endpoints for GitHub Apps", "Create an installation access token for an app", and "Generating a JSON Web Token
//! (JWT) for a GitHub App", GitHub Docs: the request, the answer, and the statuses of errors.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use openidconnect::core::CoreJwsSigningAlgorithm as Alg;
use parking_lot::Mutex;
use portico_ports::{Clock as _, HttpClient, HttpClientError, TestClock};
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::stub::{Wanted, not_tried, refused};
use crate::provider::tests::world::{Answer, World, merged};
use crate::signing::SigningKeyError;
use crate::signing::tests::TestKey;
use crate::token::{
    ByAudience, CacheLimits, ExchangeError, ExchangedToken, GitHubApp, GitHubAppConfig, GitHubAppKey, Holder,
    Installation, Rfc8693, Scope, Subject, TokenCache, TokenKey,
};

const API: &str = "https://api.github.com";
const CLIENT_ID: &str = "Iv23liExample";
const PERSON: &str = "the-session-token";

const WANTED: Wanted<'_> = Wanted {
    subject: Subject::Person(PERSON),
    organization: Some("acme"),
    audience: API,
    scope: "contents:read issues:write",
};

type Headers = &'static [(&'static str, &'static str)];
type Outcome = Result<ExchangedToken, ExchangeError>;

/// GitHub, with an answer that a test may change, and everything that it was sent.
#[derive(Default)]
struct GitHub {
    key: Mutex<Option<TestKey>>,
    clock: Arc<TestClock>,
    changes: Mutex<Value>,
    fails: Mutex<Option<(u16, Headers)>>,
    away: Mutex<Option<HttpClientError>>,
    sent: Mutex<Vec<Request<Bytes>>>,
}

impl GitHub {
    /// What the request must be; anything else is the status that the documentation names.
    fn judge(&self, request: &Request<Bytes>) -> Result<(), u16> {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().expect("text"));
        let jwt = header("authorization").and_then(|value| value.strip_prefix("Bearer ")).ok_or(401_u16)?;
        let claims = self.key.lock().as_ref().expect("a key").verified(jwt, &Alg::RsaSsaPkcs1V15Sha256);
        let now = self.clock.now().unix_timestamp();
        let (iat, exp) = (claims["iat"].as_i64().ok_or(401_u16)?, claims["exp"].as_i64().ok_or(401_u16)?);
        let dated = (58..=62).contains(&(now - iat)) && exp > now && exp - now <= 600;
        if !dated || claims["iss"] != CLIENT_ID || claims.as_object().is_none_or(|all| all.len() != 3) {
            return Err(401);
        }
        let headed = header("accept") == Some("application/vnd.github+json")
            && header("x-github-api-version") == Some("2022-11-28")
            && header("user-agent").is_some_and(|agent| !agent.is_empty());
        if request.method() != http::Method::POST || !headed {
            return Err(403);
        }
        if request.uri() != "https://api.github.com/app/installations/42/access_tokens" {
            return Err(404);
        }
        let body: Value = serde_json::from_slice(request.body()).map_err(|_| 422_u16)?;
        let permissions = json!({ "contents": "read", "issues": "write" });
        let expected = json!({ "permissions": permissions, "repositories": ["Hello-World"] });
        if body == expected { Ok(()) } else { Err(422) }
    }

    fn answer(&self) -> Value {
        let expires_at = (self.clock.now() + Duration::hours(1)).format(&Rfc3339).expect("a date");
        let sound = json!({
            "token": "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
            "expires_at": expires_at,
            "permissions": { "issues": "write", "contents": "read", "metadata": "read" },
            "repository_selection": "selected",
            "repositories": [{ "id": 1_296_269, "name": "Hello-World", "full_name": "acme/Hello-World", "private": false }],
        });
        let changes = self.changes.lock().clone();
        if changes.is_null() { sound } else { merged(sound, changes) }
    }
}

#[async_trait]
impl HttpClient for GitHub {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        if let Some(error) = self.away.lock().take() {
            return Err(error);
        }
        let judged = self.judge(&request);
        self.sent.lock().push(request);
        let mut response = Response::builder().header("content-type", "application/json; charset=utf-8");
        let failing = *self.fails.lock();
        let (status, body) = match (failing, judged) {
            (Some((status, headers)), _) => {
                for (name, value) in headers {
                    response = response.header(*name, *value);
                }
                (status, json!({ "message": "No", "documentation_url": "https://docs.github.com/rest" }))
            }
            (None, Err(status)) => (status, json!({ "message": "No", "status": status.to_string() })),
            (None, Ok(())) => (201, self.answer()),
        };
        Ok(response.status(status).body(Bytes::from(body.to_string())).expect("an answer"))
    }
}

fn config(key: &Arc<GitHubAppKey>) -> GitHubAppConfig {
    let installed = Installation { id: 42, repositories: vec!["Hello-World".to_owned()] };
    GitHubAppConfig {
        api_url: Url::parse(API).expect("a URL"),
        audience: API.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        key: Arc::clone(key),
        installations: HashMap::from([("acme".to_owned(), installed)]),
    }
}

fn world() -> (Arc<GitHub>, GitHubApp) {
    let test_key = TestKey::rsa_pkcs1();
    let key = Arc::new(GitHubAppKey::default());
    key.replace(&test_key.pem).expect("a key");
    let github = Arc::new(GitHub::default());
    let clock = Arc::clone(&github.clock) as _;
    let app = GitHubApp::new(config(&key), Arc::clone(&github) as _, clock);
    *github.key.lock() = Some(test_key);
    (github, app)
}

async fn with(changes: Value) -> Result<ExchangedToken, ExchangeError> {
    let (github, app) = world();
    *github.changes.lock() = changes;
    WANTED.from(&app).await
}

#[tokio::test]
async fn an_installation_token_is_minted_with_the_apps_key_and_nothing_of_the_person() {
    let (github, app) = world();
    let token = WANTED.from(&app).await.expect("a token");
    assert_eq!(token.token.secret(), "ghs_16C7e42F292c6912E7710c838347Ae178B4a");
    assert_eq!(token.scope, Scope::parse("contents:read issues:write metadata:read"));
    let left = (token.expires_at - github.clock.now()).whole_seconds();
    assert!((3598..=3600).contains(&left), "{left}");
    let sent = github.sent.lock();
    assert!(!format!("{:?}", sent[0]).contains(PERSON));
}

#[tokio::test]
async fn every_part_of_the_request_counts() {
    let (github, app) = world();
    WANTED.from(&app).await.expect("a token");
    let sent = github.sent.lock().pop().expect("a request");
    assert_eq!(github.judge(&sent), Ok(()));
    for header in ["accept", "authorization", "user-agent", "x-github-api-version"] {
        let mut altered = sent.clone();
        altered.headers_mut().remove(header);
        assert!(github.judge(&altered).is_err(), "without {header}");
    }
    for address in ["https://api.github.com/app/installations/43/access_tokens", "https://api.github.com/x"] {
        let mut altered = sent.clone();
        *altered.uri_mut() = address.parse().expect("an address");
        assert_eq!(github.judge(&altered), Err(404));
    }
    for body in ["", "{}", r#"{"permissions":{"contents":"read","issues":"write"}}"#] {
        let mut altered = sent.clone();
        *altered.body_mut() = Bytes::from(body);
        assert_eq!(github.judge(&altered), Err(422), "{body}");
    }
    github.clock.advance(Duration::minutes(6));
    assert_eq!(github.judge(&sent), Err(401), "the App's own token is short-lived");
}

#[tokio::test]
async fn the_new_and_longer_form_of_installation_tokens_is_taken() {
    let long = format!("ghs_123456_{}.{}.{}", "e".repeat(120), "y".repeat(700), "s_-".repeat(100));
    let token = with(json!({ "token": long })).await.expect("a token");
    assert_eq!(token.token.secret(), long);
}

#[tokio::test]
async fn case_36_a_personal_token_is_never_used() {
    for token in
        ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", "github_pat_11A", "gho_1", "ghu_1", "ghr_1", "v1.1", ""]
    {
        let outcome = with(json!({ "token": token })).await;
        assert_eq!(outcome, refused("the token is not one of an installation"), "{token}");
    }
    let outcome = with(json!({ "token": "ghs_two words" })).await;
    assert_eq!(outcome, refused("the token is not a bearer token"));
}

#[tokio::test]
async fn case_36_wider_permissions_or_repositories_are_refused_and_narrower_ones_kept() {
    let wider = "the permissions are wider than asked";
    for permissions in [
        json!({ "contents": "write" }),
        json!({ "contents": "read", "administration": "read" }),
        json!({ "issues": "admin" }),
        json!({ "metadata": "write" }),
        json!({ "contents": "everything" }),
    ] {
        let outcome = with(json!({ "permissions": permissions })).await;
        assert_eq!(outcome, refused(wider), "{permissions}");
    }
    let all = with(json!({ "repository_selection": "all" })).await;
    assert_eq!(all, refused("the token is for more repositories than asked"));
    let narrower = with(json!({ "permissions": { "issues": "read" } })).await.expect("a token");
    assert_eq!(narrower.scope, Scope::parse("issues:read"));
    let unstated = with(json!({ "permissions": null })).await.expect("a token");
    assert_eq!(unstated.scope, Scope::parse(WANTED.scope));
}

#[tokio::test]
async fn case_36_an_answer_that_is_no_installation_token_is_refused() {
    let none = "it is not an installation token";
    for changes in [
        json!({ "token": null }),
        json!({ "expires_at": null }),
        json!({ "expires_at": "tomorrow" }),
        json!({ "permissions": ["contents"] }),
    ] {
        assert_eq!(with(changes.clone()).await, refused(none), "{changes}");
    }
    let past = with(json!({ "expires_at": "2016-07-11T22:14:10Z" })).await;
    assert_eq!(past, refused("the access token has expired"));
    let far = with(json!({ "expires_at": "2999-07-11T22:14:10Z" })).await.expect("a token");
    assert!(far.expires_at.year() < 2999, "an hour at most");
}

#[tokio::test]
async fn case_35_what_was_not_configured_is_not_asked_for() {
    let (github, app) = world();
    let nowhere = "the organization has not installed the App";
    for organization in [None, Some("globex"), Some("")] {
        assert_eq!(
            Wanted { organization, ..WANTED }.from(&app).await,
            not_tried(nowhere),
            "{organization:?}"
        );
    }
    let elsewhere = Wanted { audience: "https://api.example/todos", ..WANTED }.from(&app).await;
    assert_eq!(elsewhere, not_tried("the App has no tokens for this audience"));
    let odd = "the scope is not a list of permissions such as contents:read";
    for scope in [
        "",
        "contents",
        "contents:",
        ":read",
        "contents:all",
        "Contents:read",
        "contents:read contents:write",
    ] {
        assert_eq!(Wanted { scope, ..WANTED }.from(&app).await, not_tried(odd), "{scope}");
    }
    assert!(github.sent.lock().is_empty());
}

#[tokio::test]
async fn case_38_every_failure_is_named_and_brings_no_token() {
    let (github, app) = world();
    let named = |code: &str| Err(ExchangeError::Refused { code: code.to_owned() });
    let limited = Err(ExchangeError::Unavailable("its rate limit is reached".to_owned()));
    let answers: [(u16, Headers, Outcome); 9] = [
        (401, &[], named("invalid_client")),
        (403, &[("x-ratelimit-remaining", "12")], named("access_denied")),
        (404, &[], named("installation_not_found")),
        (422, &[], named("invalid_scope")),
        (403, &[("x-ratelimit-remaining", "0")], limited.clone()),
        (403, &[("retry-after", "60")], limited.clone()),
        (429, &[("retry-after", "60")], limited),
        (503, &[], Err(ExchangeError::Unavailable("it answered 503".to_owned()))),
        (200, &[], refused("it is not an installation token")),
    ];
    for (status, headers, expected) in answers {
        *github.fails.lock() = Some((status, headers));
        assert_eq!(WANTED.from(&app).await, expected, "{status}");
    }
    *github.away.lock() = Some(HttpClientError::Timeout);
    assert_eq!(WANTED.from(&app).await, Err(ExchangeError::Timeout));
    *github.away.lock() = Some(HttpClientError::Connection("refused".to_owned()));
    assert!(matches!(WANTED.from(&app).await, Err(ExchangeError::Unavailable(_))));
}

#[tokio::test]
async fn one_token_serves_an_organization_until_shortly_before_it_expires() {
    let (github, app) = world();
    let cache = TokenCache::new(Arc::new(app), Arc::clone(&github.clock) as _, CacheLimits::default());
    let key = TokenKey {
        holder: Holder::Portal,
        organization: "acme".to_owned(),
        audience: API.to_owned(),
        resource: None,
        scope: Scope::parse(WANTED.scope),
    };
    for _ in 0..3 {
        cache.token(&key, Subject::Portal).await.expect("a token");
        github.clock.advance(Duration::minutes(19));
    }
    assert_eq!(github.sent.lock().len(), 1);
    github.clock.advance(Duration::minutes(3));
    cache.token(&key, Subject::Portal).await.expect("a token");
    assert_eq!(github.sent.lock().len(), 2);
    let elsewhere = TokenKey { organization: "globex".to_owned(), ..key };
    assert!(
        cache.token(&elsewhere, Subject::Portal).await.is_err(),
        "another organization does not share it"
    );
}

#[tokio::test]
async fn beside_a_provider_it_gets_what_is_for_github_and_the_provider_the_rest() {
    let (github, app) = world();
    let idp = World::new();
    idp.answers(400, json!({ "error": "invalid_target" }));
    let rest = Arc::new(Rfc8693::new(Arc::clone(&idp.provider)));
    let exchange = ByAudience::new(rest).with(API, Arc::new(app));
    WANTED.from(&exchange).await.expect("an installation token");
    *github.fails.lock() = Some((404, &[]));
    assert!(WANTED.from(&exchange).await.is_err());
    assert!(idp.idp.sent.lock().is_empty(), "the session's token stays away from GitHub's audience");
    let other = Wanted { audience: "https://api.example/todos", ..WANTED }.from(&exchange).await;
    assert_eq!(other, Err(ExchangeError::Refused { code: "invalid_target".to_owned() }));
    assert_eq!(github.sent.lock().len(), 2);
}

#[tokio::test]
async fn only_a_key_for_rs256_is_taken_and_no_other_takes_its_place() {
    let github = Arc::new(GitHub::default());
    let key = Arc::new(GitHubAppKey::default());
    let app = GitHubApp::new(config(&key), Arc::clone(&github) as _, Arc::clone(&github.clock) as _);
    let none = "the App's private key could not be read yet";
    assert_eq!(WANTED.from(&app).await, Err(ExchangeError::Unavailable(none.to_owned())));
    assert!(github.sent.lock().is_empty(), "nothing goes out without a key");

    let sound = TestKey::rsa(None);
    key.replace(&sound.pem).expect("a key");
    *github.key.lock() = Some(sound);
    assert!(matches!(key.replace(&TestKey::es256(None).pem), Err(SigningKeyError::Unfit(_))));
    assert_eq!(key.replace("no key"), Err(SigningKeyError::NotPem));
    WANTED.from(&app).await.expect("a token, with the key that was there");
    assert!(!format!("{app:?} {key:?}").contains("PRIVATE"));
}
