//! Who decides, as the configuration says: everything a session does goes through the one engine.

use std::path::Path;
use std::time::Duration;

use portico::config::Config;
use portico::start::{Parts, start};
use portico_policy::EngineKind;
use serde_json::{Value, json};

use crate::test_app::{TestApp, eventually};

const BASE: &str = "@id(\"base\") permit(principal, action, resource);\n";

/// A portal that decides by this file of Cedar policies, and the file.
async fn with_cedar(policies: &str) -> (TestApp, std::path::PathBuf) {
    let mut file = std::path::PathBuf::new();
    let app = TestApp::configured(|config| {
        file = config.data_dir.with_extension("cedar");
        std::fs::write(&file, policies).expect("the file can be written");
        cedar(config, &file);
    })
    .await;
    (app, file)
}

fn cedar(config: &mut Config, file: &Path) {
    config.policy.engine = EngineKind::Cedar;
    config.policy.cedar.policies = Some(file.to_owned());
}

fn forbid(what: &str) -> String {
    format!("{BASE}@id(\"not-now\") forbid(principal, {what});")
}

#[tokio::test]
async fn a_permissive_policy_changes_nothing() {
    let (app, _) = with_cedar(BASE).await;
    let bob = app.signed_in("bob").await;
    bob.get("/").send().await.page(200);
    bob.get("/todos").send().await.page(200);
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    bob.get("/api/platform/session").send().await.expect(200);
    bob.get("/bff/acme.todos/admin/x").send().await.expect(403);
}

#[tokio::test]
async fn a_policy_about_a_remote_holds_for_navigation_page_call_and_list() {
    let (app, _) = with_cedar(&forbid("action, resource == Portico::Remote::\"acme.todos\"")).await;
    let bob = app.signed_in("bob").await;
    let home = bob.get("/").send().await;
    assert!(!home.page(200).contains("href=\"/todos\""));
    bob.get("/todos").send().await.page(403);
    bob.get("/bff/acme.todos/todos").send().await.expect(404);
    let applications: Value = bob.get("/api/platform/applications").send().await.expect(200).json();
    assert!(!applications.to_string().contains("acme.todos"));
    assert!(app.todos.seen().is_empty(), "nothing went out");
}

#[tokio::test]
async fn a_policy_about_a_page_takes_it_out_of_the_navigation_too() {
    let (app, _) =
        with_cedar(&forbid("action == Portico::Action::\"open\", resource == Portico::Page::\"/todos\""))
            .await;
    let bob = app.signed_in("bob").await;
    assert!(!bob.get("/").send().await.page(200).contains("href=\"/todos\""));
    bob.get("/todos").send().await.page(403);
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
}

#[tokio::test]
async fn a_policy_about_a_function_holds_for_the_plain_route_and_the_server_function() {
    let (app, _) = with_cedar(&forbid("action, resource == Portico::Function::\"applications\"")).await;
    let bob = app.signed_in("bob").await;
    bob.get("/api/platform/applications").send().await.expect(403);
    bob.post("/api/fn/applications").json(&json!({})).send().await.expect(403);
    bob.get("/api/platform/session").send().await.expect(200);
}

#[tokio::test]
async fn a_refused_call_names_the_policy_to_administrators_and_not_to_the_caller() {
    let (app, _) = with_cedar(&forbid("action == Portico::Action::\"call\", resource")).await;
    let bob = app.signed_in("bob").await;
    let refused = bob.get("/bff/acme.todos/todos").send().await;
    let problem: Value = refused.expect(403).json();
    assert!(!problem.to_string().contains("not-now"), "{problem}");
    let trace = problem["traceId"].as_str().expect("a trace id");
    let alice = app.signed_in("alice").await;
    let found: Value =
        alice.get(&format!("/api/platform/decisions?trace={trace}")).send().await.expect(200).json();
    assert_eq!(
        (&found[0]["reason"], &found[0]["action"]),
        (&json!("forbidden by not-now"), &json!("call GET"))
    );
    let page = alice.get(&format!("/decisions?trace={trace}")).send().await;
    assert!(page.page(200).contains("forbidden by not-now"));
}

#[tokio::test]
async fn a_changed_file_is_taken_up_and_a_broken_one_raises_an_alarm() {
    let (app, file) = with_cedar(BASE).await;
    let bob = app.signed_in("bob").await;
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    std::fs::write(&file, forbid("action == Portico::Action::\"call\", resource")).expect("written");
    eventually("the change is in use", || app.state.policy.revision() == 1).await;
    bob.get("/bff/acme.todos/todos").send().await.expect(403);

    std::fs::write(&file, "permit(principal, action").expect("written");
    let metric = "portico_policy_stale 1";
    for _ in 0..100 {
        if app.admin("/metrics").await.text().contains(metric) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(app.admin("/metrics").await.text().contains(metric));
    bob.get("/bff/acme.todos/todos").send().await.expect(403);
    app.events_ready().await;
    let ready: Value = app.admin("/readyz").await.expect(200).json();
    assert!(ready["checks"]["policy"].as_str().expect("it is told").contains(":1:"), "{ready}");
}

#[tokio::test]
async fn policies_that_cannot_be_used_stop_the_start() {
    let app = TestApp::start().await;
    let mut config = app.state.config.clone();
    let file = config.data_dir.with_extension("cedar");
    let policies = "permit(principal is Portico::Person, action, resource) when { principal.nothing == 1 };";
    std::fs::write(&file, policies).expect("written");
    cedar(&mut config, &file);
    let parts = Parts::real(&config);
    let error = start(config, parts).await.err().expect("refused").to_string();
    assert!(error.starts_with("policy: ") && error.contains(".cedar:1:"), "{error}");
}

#[tokio::test]
async fn an_agent_that_is_away_refuses_everything_and_says_so() {
    let app = TestApp::configured(|config| {
        config.policy.engine = EngineKind::Opa;
        config.policy.opa.url = Some("http://127.0.0.1:9".into());
    })
    .await;
    let bob = app.browser();
    bob.get("/auth/login?login_hint=bob").sent_from("none").follow().await.page(403);
    bob.get("/api/platform/session").send().await.expect(403);
    bob.get("/bff/acme.todos/todos").send().await.expect(404);
    bob.get("/todos").send().await.page(403);
    let ready: Value = app.admin("/readyz").await.expect(503).json();
    assert!(ready["checks"]["policy"].as_str().expect("it is told").contains("cannot be reached"), "{ready}");
}
