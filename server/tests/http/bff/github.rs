use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use portico::config::{Config, GitHubAppSettings, InstallationSettings, SecretSettings};
use portico::embedded::Embedded;
use portico::outbound::Outbound;
use portico::start::{Parts, start};
use portico_ports::{OsRandom, TestClock};
use serde_json::{Value, json};

use super::credentials::{decided, secret_file};
use crate::test_app::{
    Browser, FakeVault, Log, RsaKey, TestApp, TestOutbound, eventually, json_response, private_key_pem,
    remote_manifest, write_remote,
};

const API: &str = "https://api.github.test/";
const CALL: &str = "/bff/acme.insights/repos/acme/website";

/// A portal in which the insights remote is one for GitHub: Acme has installed the App, Globex has not.
async fn with_github() -> TestApp {
    let app = TestApp::configured(|config| {
        let file = secret_file(&config.data_dir, &private_key_pem());
        configure(config, in_file(&file), &["acme"]);
    })
    .await;
    app.outbound.answers(move |sent| sent.url.starts_with(API).then(|| Ok(minting("ghs_minted"))));
    app
}

/// GitHub's answer with a token.
fn minting(token: &str) -> http::Response<bytes::Bytes> {
    let created = json!({
        "token": token, "expires_at": "2999-01-01T00:00:00Z",
        "permissions": { "contents": "read", "metadata": "read" }, "repository_selection": "selected",
    });
    json_response(201, &created)
}

fn in_file(file: &Path) -> SecretSettings {
    SecretSettings { file: Some(file.to_owned()), ..SecretSettings::default() }
}

/// The remote for GitHub, and the App that these organizations have installed, the first as 42.
fn configure(config: &mut Config, key: SecretSettings, organizations: &[&str]) {
    remote_of_github(config);
    let installations = organizations.iter().zip(42..).map(|(organization, id)| {
        let repositories = vec!["website".into()];
        ((*organization).to_owned(), InstallationSettings { id, repositories })
    });
    let settings = GitHubAppSettings {
        api_url: API.parse().expect("a URL"),
        client_id: "Iv1.portico".into(),
        key,
        installations: installations.collect(),
    };
    config.identity.github_apps.insert("acme".into(), settings);
}

fn remote_of_github(config: &mut Config) {
    let grants = serde_json::to_value(&config.registry.grants).expect("grants are values");
    let upstream = grants["@acme/insights"]["backend_origins"][0].clone();
    let mut changed = grants;
    changed["@acme/insights"] = json!({
        "backend_origins": [upstream], "audiences": ["github:acme"], "scopes": ["contents:read"], "token_mode": true,
    });
    config.registry.grants = serde_json::from_value(changed).expect("grants");
    let mut manifest = remote_manifest("@acme/insights", "Insights", "/insights", "insights.read");
    manifest["backend"] = json!({
        "url": upstream, "audience": "github:acme", "scopes": ["contents:read"], "tokenMode": true,
        "routes": [{ "methods": ["GET"], "path": "/**", "permissions": ["insights.read"] }],
    });
    write_remote(&config.registry.directories[0].join("insights"), &manifest);
}

fn minted(outbound: &TestOutbound) -> Vec<Value> {
    let to_github = |url: &str| url == format!("{API}app/installations/42/access_tokens");
    let sent = outbound.sent().into_iter().filter(|sent| to_github(&sent.url));
    sent.map(|sent| serde_json::from_slice(&sent.body).expect("JSON")).collect()
}

#[tokio::test]
async fn a_call_to_github_carries_an_installation_token_that_the_organization_shares() {
    let app = with_github().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    for browser in [&alice, &bob] {
        browser.get(CALL).send().await.expect(200);
        assert_eq!(app.insights.last().token(), "ghs_minted");
    }
    let asked = json!({ "permissions": { "contents": "read" }, "repositories": ["website"] });
    assert_eq!(minted(&app.outbound), [asked], "one for the organization, no wider than the manifest");
    assert_eq!(app.outbound.count("exchange"), 0, "the identity provider is not asked");
    alice.post("/auth/logout").send().await.expect(303);
    bob.get(CALL).send().await.expect(200);
    assert_eq!(minted(&app.outbound).len(), 1);
}

#[tokio::test]
async fn an_organization_that_has_not_installed_the_app_gets_no_token_and_nobody_gets_one_in_the_browser() {
    let app = with_github().await;
    let carol = app.signed_in("carol").await;
    let answer = carol.get(CALL).send().await;
    assert!(answer.status.is_server_error() || answer.status.is_client_error(), "{}", answer.status);
    let bob = app.signed_in("bob").await;
    bob.post("/api/platform/remotes/acme.insights/token").send().await.problem(403);
    assert!(app.insights.seen().is_empty() && minted(&app.outbound).is_empty());
}

/// What GitHub takes: JWTs that this key signed. The token names the key's number, so that a test sees by which one it was made.
#[derive(Clone)]
struct Accepted(Arc<Mutex<(u32, RsaKey)>>);

impl Accepted {
    fn by(app: &TestApp, key: &RsaKey) -> Self {
        let accepted = Self(Arc::new(Mutex::new((1, key.clone()))));
        let now = accepted.clone();
        app.outbound.answers(move |sent| {
            let (number, key) = now.0.lock().clone();
            let jwt = sent.authorization.strip_prefix("Bearer ").unwrap_or_default();
            sent.url.starts_with(API).then(|| match key.signed(jwt) {
                true => Ok(minting(&format!("ghs_{number}"))),
                false => {
                    Ok(json_response(401, &json!({ "message": "A JSON web token could not be decoded" })))
                }
            })
        });
        accepted
    }

    /// GitHub has this key now, and the one before no more.
    fn only(&self, key: &RsaKey) {
        let mut now = self.0.lock();
        *now = (now.0 + 1, key.clone());
    }
}

/// The token that GitHub's API got with a call.
async fn token_of_a_call(app: &TestApp, browser: &Browser) -> String {
    browser.get(CALL).send().await.expect(200);
    app.insights.last().token().to_owned()
}

async fn fails(browser: &Browser) {
    let answer = browser.get(CALL).send().await;
    assert_eq!(answer.status, 403);
}

/// No part of a key is in the text.
fn assert_redacted(text: &str, keys: &[&RsaKey]) {
    for key in keys {
        let pem = key.pem();
        let line = pem.lines().nth(1).expect("a key has lines");
        assert!(!text.contains("PRIVATE KEY") && !text.contains(&line[..40]), "no key is told");
    }
}

#[tokio::test]
async fn an_apps_key_is_replaced_while_the_portal_runs_and_what_is_no_key_changes_nothing() {
    let log = Log::keep();
    let (first, second) = (RsaKey::generate(), RsaKey::generate());
    let mut file = PathBuf::new();
    let app = TestApp::configured(|config| {
        file = secret_file(&config.data_dir, &first.pem());
        configure(config, in_file(&file), &["acme", "globex"]);
        // Only a refusal has it read again within this test.
        config.gateway.credential_seconds = 3600;
        config.session.idle_minutes = 600;
    })
    .await;
    let github = Accepted::by(&app, &first);
    let (bob, carol) = (app.signed_in("bob").await, app.signed_in("carol").await);
    assert_eq!(token_of_a_call(&app, &bob).await, "ghs_1");

    // The key is replaced. GitHub refuses what the old one signs, and then the file is read.
    std::fs::write(&file, second.pem()).expect("the file can be written");
    github.only(&second);
    fails(&carol).await;
    eventually("the rotation is told", || decided(&log, "allow") == 2).await;
    assert_eq!(token_of_a_call(&app, &carol).await, "ghs_2", "the new key makes new tokens");
    assert_eq!(token_of_a_call(&app, &bob).await, "ghs_1", "a token that was made is used until it expires");

    // What stands there next is no key.
    std::fs::write(&file, "planted").expect("the file can be written");
    github.only(&first);
    app.clock.advance(time::Duration::hours(1));
    fails(&bob).await;
    eventually("it is told that this is no key", || decided(&log, "deny") == 1).await;
    github.only(&second);
    assert_eq!(token_of_a_call(&app, &bob).await, "ghs_4", "the key before is in use");
    let labels = format!("purpose=\"GitHub App acme\",source=\"file {}\"", file.display());
    let metrics = app.admin("/metrics").await.text().to_owned();
    assert!(metrics.contains(&format!("portico_credential_failing{{{labels}}} 1\n")), "{metrics}");

    let told = log.audit("credential");
    let reasons: Vec<_> = told.iter().map(|fields| fields["audit.reason"].as_str().unwrap_or("")).collect();
    assert_eq!(reasons[..2], ["read", "rotated"]);
    assert!(reasons[2].contains("it holds no private key in PEM form"), "{reasons:?}");
    let config = format!("{:?}", app.state.config);
    for text in [log.text(), metrics, config] {
        assert_redacted(&text, &[&first, &second]);
        assert!(!text.contains("planted"), "nor what is none");
    }
}

#[tokio::test]
async fn an_apps_key_in_vault_signs_and_so_does_the_next_version_of_it() {
    let log = Log::keep();
    let (first, second) = (RsaKey::generate(), RsaKey::generate());
    let vault = FakeVault::default();
    vault.put("planted-token", &first.pem());
    let server = vault.start().await;
    let app = TestApp::configured(|config| {
        let token = secret_file(&config.data_dir, "planted-token\n");
        configure(config, FakeVault::secret(), &["acme", "globex"]);
        config.gateway.credential_seconds = 1;
        config.gateway.vault = Some(FakeVault::settings(&server, &token));
    })
    .await;
    let github = Accepted::by(&app, &first);
    let (bob, carol) = (app.signed_in("bob").await, app.signed_in("carol").await);
    assert_eq!(token_of_a_call(&app, &bob).await, "ghs_1");

    github.only(&second);
    vault.put("planted-token", &second.pem());
    eventually("the new version is read", || decided(&log, "allow") == 2).await;
    assert_eq!(token_of_a_call(&app, &carol).await, "ghs_2");

    // The portal may read it no more: the key before stays in use, and the health page says so.
    vault.put("planted-other-token", &first.pem());
    eventually("the refusal is told", || decided(&log, "deny") == 1).await;
    let labels = "purpose=\"GitHub App acme\",source=\"vault kv/acme/legacy#key\"";
    let metrics = app.admin("/metrics").await.text().to_owned();
    assert!(metrics.contains(&format!("portico_credential_failing{{{labels}}} 1\n")), "{metrics}");
    let alice = app.signed_in("alice").await;
    let page = alice.get("/platform/health").send().await.page(200).to_owned();
    assert!(page.contains("GitHub App acme") && page.contains("the server refuses it (403)"), "{page}");
    assert_eq!(token_of_a_call(&app, &bob).await, "ghs_1");
    for text in [log.text(), metrics, page] {
        assert_redacted(&text, &[&first, &second]);
        assert!(!text.contains("planted"));
    }
}

/// Why a portal does not start whose App's key is in this place.
async fn refused(key: SecretSettings) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let mut config = Config { data_dir: directory.path().to_owned(), ..Config::default() };
    let settings = json!({ "client_id": "Iv1.portico", "key": key });
    let settings = serde_json::from_value(settings).expect("settings");
    config.identity.github_apps = [("acme".to_owned(), settings)].into();
    let (clock, random) = (Arc::new(TestClock::default()), Arc::new(OsRandom));
    let http = Arc::new(Outbound::new(std::time::Duration::from_secs(1), None));
    let parts = Parts { clock, random, http, embedded: Embedded::default(), log: None };
    start(config, parts).await.map(drop).expect_err("it is not usable").to_string()
}

#[tokio::test]
async fn a_portal_does_not_start_without_the_key_of_an_app() {
    let directory = tempfile::tempdir().expect("a directory");
    let missing = directory.path().join("missing");
    let nonsense = secret_file(directory.path(), "planted");
    let both = SecretSettings { env: Some("APP_KEY".into()), ..in_file(&missing) };
    for (key, why) in [
        (in_file(&missing), "missing cannot be read"),
        (in_file(&nonsense), "legacy-secret is not usable: it holds no private key in PEM form"),
        (both, "takes exactly one of env, file and vault"),
        (FakeVault::secret(), "is in Vault, and gateway.vault is not set"),
    ] {
        let error = refused(key).await;
        assert!(error.starts_with("identity.github_apps.acme.key") && error.contains(why), "{error}");
        assert!(!error.contains("planted"));
    }
}
