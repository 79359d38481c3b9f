use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portico::audit::Audit;
use portico::config::Config;
use portico::credentials;
use portico::embedded::Embedded;
use portico::outbound::Outbound;
use portico::start::Parts;
use portico_audit::LogOnly;
use portico_ports::{OsRandom, TestClock};
use serde_json::json;

use crate::test_app::{FakeVault, Log, Reply, TestApp, eventually};

const TODOS: &str = "/bff/acme.todos/todos";

/// A portal whose to-dos want this credential; the secret is in the returned file.
async fn portal(settings: serde_json::Value, secret: &str) -> (TestApp, PathBuf) {
    let mut path = PathBuf::new();
    let app = TestApp::configured(|config| {
        path = secret_file(&config.data_dir, secret);
        configure(config, settings, &path);
    })
    .await;
    (app, path)
}

pub(super) fn secret_file(data_dir: &Path, secret: &str) -> PathBuf {
    std::fs::create_dir_all(data_dir).expect("a directory");
    let path = data_dir.join("legacy-secret");
    std::fs::write(&path, secret).expect("the file can be written");
    path
}

fn configure(config: &mut Config, mut settings: serde_json::Value, secret: &Path) {
    settings["secret"] = json!({ "file": secret });
    let settings = serde_json::from_value(settings).expect("settings");
    config.gateway.credentials = [("acme.todos".to_owned(), settings)].into();
    config.gateway.credential_seconds = 1;
}

#[tokio::test]
async fn an_upstream_gets_its_key_instead_of_a_token_and_a_client_cannot_send_one() {
    let (app, _) = portal(json!({ "kind": "api-key", "header": "X-Api-Key" }), "planted-key\n").await;
    let bob = app.signed_in("bob").await;
    bob.get(TODOS).header("x-api-key", "mine").send().await.expect(200);
    let seen = app.todos.last();
    assert_eq!(seen.header("x-api-key"), "planted-key");
    assert!(seen.values("authorization").is_empty(), "no token for a service that takes none");
    // Another remote on the same portal gets its own token, and no key.
    app.signed_in("alice").await.get("/bff/acme.org-admin/members").send().await;
    let seen = app.todos.last();
    assert!(seen.values("x-api-key").is_empty() && !seen.token().is_empty());
}

#[tokio::test]
async fn basic_and_a_query_parameter_stand_where_they_belong() {
    let (app, _) = portal(json!({ "kind": "basic", "user": "Aladdin" }), "open sesame").await;
    app.signed_in("bob").await.get(TODOS).send().await.expect(200);
    assert_eq!(app.todos.last().header("authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");

    let settings = json!({ "kind": "api-key", "parameter": "key", "with_token": true });
    let (app, _) = portal(settings, "a&b").await;
    let bob = app.signed_in("bob").await;
    bob.get(&format!("{TODOS}?q=1")).send().await.expect(200);
    assert_eq!(app.todos.last().target(), "/todos?q=1&key=a%26b");
    assert_eq!(app.todos.last().claims()["sub"], "demo|bob");
    let before = app.todos.seen().len();
    let refused = bob.get(&format!("{TODOS}?key=mine")).send().await;
    assert_eq!(refused.problem_kind(400), "reserved-parameter");
    assert_eq!(app.todos.seen().len(), before);
}

/// How many decisions about credentials were so.
pub(super) fn decided(log: &Log, decision: &str) -> usize {
    log.audit("credential").iter().filter(|fields| fields["audit.decision"] == decision).count()
}

#[tokio::test]
async fn a_new_secret_is_in_use_within_a_moment_and_an_unreadable_one_changes_nothing() {
    let log = Log::keep();
    let (app, path) = portal(json!({ "kind": "api-key", "header": "X-Api-Key" }), "planted-one").await;
    let bob = app.signed_in("bob").await;
    bob.get(TODOS).send().await.expect(200);
    assert_eq!(app.todos.last().header("x-api-key"), "planted-one");

    std::fs::remove_file(&path).expect("the file is there");
    // An upstream that refuses what it is shown has the secret read again at once.
    app.todos.answers(|_| Reply::status(401));
    assert_eq!(bob.get(TODOS).send().await.problem_kind(502), "upstream-token");
    eventually("the failure is told", || decided(&log, "deny") == 1).await;
    app.todos.answers(|_| Reply::status(200));
    bob.get(TODOS).send().await.expect(200);
    assert_eq!(app.todos.last().header("x-api-key"), "planted-one", "the last good one");

    std::fs::write(&path, "planted-two").expect("the file can be written");
    eventually("the rotation is told", || decided(&log, "allow") == 2).await;
    bob.get(TODOS).send().await.expect(200);
    assert_eq!(app.todos.last().header("x-api-key"), "planted-two");

    let text = log.text();
    assert!(!text.contains("planted"), "no secret is in the log");
    let decided = (decided(&log, "allow"), decided(&log, "deny"));
    assert_eq!(decided, (2, 1), "read, failed, rotated; not each call and not each fetch");
    assert!(!format!("{:?}", app.state.config).contains("planted"));
}

/// Why a portal with this credential does not start.
async fn refused(settings: serde_json::Value, secret: &Path) -> String {
    let mut config = Config::default();
    configure(&mut config, settings, secret);
    let (clock, random) = (Arc::new(TestClock::default()), Arc::new(OsRandom));
    let audit = Audit::new(Arc::new(LogOnly), clock.clone(), random.clone());
    let http = Arc::new(Outbound::new(Duration::from_secs(1), None));
    let parts = Parts { clock, random, http, embedded: Embedded::default(), log: None };
    let (_, mut keepers) = match credentials::build(&config.gateway, &parts) {
        Ok(built) => built,
        Err(error) => return error.to_string(),
    };
    let first = credentials::first_turn(&mut keepers, &audit, &TestClock::default()).await;
    first.expect_err("it is not usable").to_string()
}

#[tokio::test]
async fn a_portal_does_not_start_without_a_secret_that_is_configured() {
    let directory = tempfile::tempdir().expect("a directory");
    let missing = directory.path().join("missing");
    let present = secret_file(directory.path(), "a b\u{7f}c");
    let key = || json!({ "kind": "api-key", "header": "X-Api-Key" });
    for (settings, secret, why) in [
        (key(), &missing, "missing cannot be read"),
        (key(), &present, "characters that do not fit"),
        (
            json!({ "kind": "api-key", "header": "Host" }),
            &present,
            "the header is one that the portal cannot set",
        ),
        (json!({ "kind": "api-key" }), &present, "exactly one of header and parameter"),
        (json!({ "kind": "basic" }), &present, "it takes user and secret"),
        (json!({ "kind": "mtls", "certificate": { "file": "c" } }), &present, ".key is not set"),
        (
            json!({ "kind": "mtls", "certificate": { "file": "c", "env": "C" } }),
            &present,
            "exactly one of env, file and vault",
        ),
    ] {
        let error = refused(settings, secret).await;
        assert!(error.contains("gateway.credentials.\"acme.todos\"") && error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_secret_in_vault_reaches_the_upstream_and_so_does_the_next_version_of_it() {
    let log = Log::keep();
    let vault = FakeVault::default();
    vault.put("planted-token", "planted-one");
    let server = vault.start().await;
    let mut token = PathBuf::new();
    let app = TestApp::configured(|config| {
        token = secret_file(&config.data_dir, "planted-token\n");
        let secret = FakeVault::secret();
        let settings = json!({ "kind": "api-key", "header": "X-Api-Key", "secret": secret });
        let settings = serde_json::from_value(settings).expect("settings");
        config.gateway.credentials = [("acme.todos".to_owned(), settings)].into();
        config.gateway.credential_seconds = 1;
        config.gateway.vault = Some(FakeVault::settings(&server, &token));
    })
    .await;
    let bob = app.signed_in("bob").await;
    let shown = async || {
        bob.get(TODOS).send().await.expect(200);
        app.todos.last().header("x-api-key").to_owned()
    };
    assert_eq!(shown().await, "planted-one");
    vault.put("planted-token", "planted-two");
    eventually("the new version is read", || decided(&log, "allow") == 2).await;
    assert_eq!(shown().await, "planted-two");

    // The token is revoked: what was read last stays in use, and metrics and the health page say so.
    vault.put("planted-other-token", "planted-three");
    eventually("the refusal is told", || decided(&log, "deny") == 1).await;
    assert_eq!(shown().await, "planted-two");
    let labels = "purpose=\"remote acme.todos\",source=\"vault kv/acme/legacy#key\"";
    let metrics = app.admin("/metrics").await.text().to_owned();
    assert!(metrics.contains(&format!("portico_credential_failing{{{labels}}} 1\n")), "{metrics}");
    assert!(
        metrics.contains(&format!("portico_credential_read_timestamp_seconds{{{labels}}} ")),
        "{metrics}"
    );
    assert!(!metrics.contains(&format!("portico_credential_failures_total{{{labels}}} 0\n")), "{metrics}");
    let alice = app.signed_in("alice").await;
    let page = alice.get("/platform/health").send().await.page(200).to_owned();
    assert!(page.contains("the server refuses it (403)") && page.contains("kv/acme/legacy#key"), "{page}");

    std::fs::write(&token, "planted-other-token").expect("the file can be written");
    eventually("the new token is used", || decided(&log, "allow") == 3).await;
    assert_eq!(shown().await, "planted-three");
    let metrics = app.admin("/metrics").await.text().to_owned();
    assert!(metrics.contains(&format!("portico_credential_failing{{{labels}}} 0\n")), "{metrics}");
    for text in [log.text(), metrics, page] {
        assert!(!text.contains("planted"), "no secret is told");
    }
    let asked = server.seen();
    assert!(asked.iter().all(|seen| seen.line == "GET /v1/kv/data/acme/legacy HTTP/1.1"), "{asked:?}");
}

#[tokio::test]
async fn authorities_are_read_again_when_their_file_changes() {
    let log = Log::keep();
    let authority =
        || rcgen::generate_simple_self_signed(["ca.test".to_owned()]).expect("a certificate").cert.pem();
    let mut file = PathBuf::new();
    let app = TestApp::configured(|config| {
        let secret = secret_file(&config.data_dir, "planted-key");
        file = config.data_dir.join("authorities.pem");
        std::fs::write(&file, authority()).expect("the file can be written");
        let settings = json!({ "kind": "api-key", "header": "X-Api-Key", "authorities_file": file });
        configure(config, settings, &secret);
    })
    .await;
    let told = |decision: &str, reason: &str| {
        let lines = log.audit("credential");
        let about = |line: &&serde_json::Value| {
            let says = |name: &str, text: &str| line[name].as_str().is_some_and(|words| words.contains(text));
            says("audit.resource", "authorities.pem")
                && says("audit.reason", reason)
                && line["audit.decision"] == decision
        };
        lines.iter().filter(about).count()
    };
    assert_eq!(told("allow", "read"), 1);
    std::fs::write(&file, "no certificate").expect("the file can be written");
    eventually("what is no authority is told", || told("deny", "no certificate (PEM)") == 1).await;
    std::fs::write(&file, authority()).expect("the file can be written");
    eventually("the change is in use", || told("allow", "rotated") == 1).await;
    app.signed_in("bob").await.get(TODOS).send().await.expect(200);
}
