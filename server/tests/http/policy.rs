//! Who decides, as the configuration says: everything a session does goes through the one engine.

use std::path::Path;
use std::time::Duration;

use portico::config::Config;
use portico::start::{Parts, start};
use portico_policy::EngineKind;
use serde_json::{Value, json};

use crate::test_app::{Answer, Browser, Log, TestApp, eventually, json_response};

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

/// A portal whose Open Policy Agent nobody runs.
async fn without_agent() -> TestApp {
    TestApp::configured(|config| {
        config.policy.engine = EngineKind::Opa;
        config.policy.opa.url = Some("http://127.0.0.1:9".into());
    })
    .await
}

/// That nobody could decide, and when to come back.
#[track_caller]
fn assert_undecided(answer: &Answer) {
    assert_eq!(answer.problem_kind(503), "policy-unavailable");
    assert_eq!(answer.header("retry-after"), "2");
    assert!(answer.text().contains("The policy engine gives no answer"), "{}", answer.text());
}

#[tokio::test]
async fn with_the_agent_away_people_are_told_to_try_again_and_nothing_is_done() {
    let app = without_agent().await;
    let log = Log::keep();
    let bob = app.browser();
    let landed = bob.get("/auth/login?login_hint=bob").sent_from("none").follow().await;
    assert!(landed.page(503).contains("The policy engine gives no answer"), "{}", landed.text());
    assert_eq!(landed.header("retry-after"), "2");
    let page = bob.get("/todos").send().await;
    page.page(503);
    assert_eq!(page.header("retry-after"), "2");
    bob.get("/members").send().await.page(503);
    assert_undecided(&bob.get("/bff/acme.todos/todos").send().await);
    assert_undecided(&bob.get("/api/platform/session").send().await);
    assert_undecided(&bob.get("/api/platform/applications").send().await);
    assert_undecided(&bob.get("/stream").send().await);
    assert_undecided(&bob.post("/api/platform/remotes/acme.insights/token").send().await);
    let event = json!({ "specversion": "1.0", "source": "@acme/echo", "type": "echo.request", "data": {} });
    let published = bob.post("/events").body("application/cloudevents+json", event.to_string());
    assert_undecided(&published.send().await);
    for function in ["session", "applications", "subscribe_events"] {
        let called = bob.post(&format!("/api/fn/{function}")).json(&json!({})).send().await;
        assert_undecided(&called);
    }
    // What roles refuse needs no agent, and neither does what a stranger may not do.
    app.browser().get("/bff/acme.todos/todos").send().await.problem(401);
    assert_undecided(&app.browser().get("/bff/acme.todos/public/x").send().await);
    assert!(app.todos.seen().is_empty() && app.insights.seen().is_empty(), "nothing went out");
    for action in ["navigate", "call", "session", "subscribe", "exchange-token", "publish", "call GET"] {
        let lines = log.audit(action);
        assert!(!lines.is_empty(), "{action} is audited");
        for line in lines {
            let is_refused =
                line["user.id"] == "" && action == "call GET" && line["audit.decision"] == "deny";
            assert!(is_refused || line["audit.decision"] == "unavailable", "{action}: {line}");
        }
    }
    let metrics = app.admin("/metrics").await;
    let told =
        metrics.text().contains("portico_decisions_total{action=\"publish\",decision=\"unavailable\"} 1");
    assert!(told, "{}", metrics.text());
    let ready: Value = app.admin("/readyz").await.expect(503).json();
    assert!(ready["checks"]["policy"].as_str().expect("it is told").contains("cannot be reached"), "{ready}");
}

#[tokio::test]
async fn with_the_agent_away_people_still_end_their_own_sessions_and_sign_out() {
    let app = without_agent().await;
    let (bob, stolen) = (app.browser(), app.browser());
    for browser in [&bob, &stolen] {
        browser.get("/auth/login?login_hint=bob").sent_from("none").follow().await.page(503);
    }
    let ended = bob.post("/api/platform/sessions/end-others").send().await;
    assert_eq!(ended.expect(200).json(), json!({ "ended": 1 }));
    stolen.get("/api/platform/session").send().await.problem(401);
    bob.post("/api/platform/rum").json(&json!([])).send().await.expect(202);
    bob.post("/api/platform/reports").json(&json!([])).send().await.expect(204);
    bob.post("/auth/logout").send().await.expect(303);
    bob.get("/api/platform/session").send().await.problem(401);
}

#[tokio::test]
async fn an_agent_that_is_back_is_believed_at_once() {
    let app = without_agent().await;
    let bob = app.browser();
    bob.get("/auth/login?login_hint=bob").sent_from("none").follow().await.page(503);
    app.outbound.answers(|sent| {
        let question: Value = serde_json::from_slice(&sent.body).ok()?;
        let result = match question["input"]["queries"].as_array() {
            Some(queries) => queries.iter().map(|_| json!(true)).collect(),
            None => json!(true),
        };
        sent.url
            .starts_with("http://127.0.0.1:9/")
            .then(|| Ok(json_response(200, &json!({ "result": result }))))
    });
    // What nobody could say is not remembered: the same session is answered without a pause.
    assert!(bob.get("/").send().await.page(200).contains("href=\"/todos\""));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
}

#[tokio::test]
async fn no_policy_keeps_a_person_from_ending_their_own_sessions() {
    let (app, file) = with_cedar(BASE).await;
    let (bob, stolen) = (app.signed_in("bob").await, app.signed_in("bob").await);
    std::fs::write(&file, "forbid(principal, action, resource);").expect("written");
    eventually("the change is in use", || app.state.policy.revision() == 1).await;
    bob.get("/api/platform/session").send().await.expect(403);
    let ended = bob.post("/api/platform/sessions/end-others").send().await;
    assert_eq!(ended.expect(200).json(), json!({ "ended": 1 }));
    stolen.get("/api/platform/session").send().await.problem(401);
}

#[tokio::test]
async fn a_policy_that_cannot_be_evaluated_is_no_refusal_and_concerns_what_it_is_about_alone() {
    let policy = format!(
        "{BASE}@id(\"sum\") forbid(principal, action == Portico::Action::\"call\", resource)
         when {{ 9223372036854775807 + 1 == 0 }};"
    );
    let (app, _) = with_cedar(&policy).await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    assert_undecided(&bob.get("/bff/acme.todos/todos").send().await);
    assert!(app.todos.seen().is_empty());
    bob.get("/todos").send().await.page(200);
    let lines = log.audit("call GET");
    assert_eq!((lines.len(), &lines[0]["audit.decision"]), (1, &json!("unavailable")));
    assert!(lines[0]["audit.reason"].as_str().is_some_and(|why| why.contains("sum")), "{lines:?}");
    let alice = app.signed_in("alice").await;
    let page = alice.get("/decisions").header("accept-language", "de").send().await;
    assert!(page.page(200).contains("Keine Antwort"), "{}", page.text());
}

/// A portal by Cedar whose to-dos keep their answers for a minute, for everyone in the organization.
async fn with_kept_answers() -> (TestApp, std::path::PathBuf) {
    let mut file = std::path::PathBuf::new();
    let app = TestApp::configured(|config| {
        file = config.data_dir.with_extension("cedar");
        std::fs::write(&file, BASE).expect("the file can be written");
        cedar(config, &file);
        let manifest = config.registry.directories[0].join("todos/dist/remote.json");
        let read = std::fs::read(&manifest).expect("the manifest can be read");
        let mut written: Value = serde_json::from_slice(&read).expect("a manifest is JSON");
        written["backend"]["routes"][0]["cache"] = json!({ "scope": "organization", "maxAgeSeconds": 60 });
        std::fs::write(&manifest, written.to_string()).expect("the manifest can be written");
    })
    .await;
    (app, file)
}

#[tokio::test]
async fn a_kept_answer_is_given_to_nobody_whom_the_policy_refuses_and_a_change_holds_at_once() {
    let (app, file) = with_kept_answers().await;
    // Two people with the same permissions: the cache alone would not tell them apart.
    app.dev_idp().grant_membership("demo|alice", "acme", &["member".to_owned()]);
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let ask = async |browser: &Browser| browser.get("/bff/acme.todos/todos").send().await;
    let change = async |policies: String, revision: u64| {
        std::fs::write(&file, policies).expect("written");
        eventually("the change is in use", || app.state.policy.revision() == revision).await;
    };
    assert_eq!(ask(&alice).await.expect(200).header("cache-status"), "portico; fwd=uri-miss; stored");
    assert_eq!(ask(&bob).await.expect(200).header("cache-status"), "portico; hit");
    assert_eq!(app.todos.seen().len(), 1, "bob is given what alice has fetched");

    let not_bob = "action == Portico::Action::\"call\", resource) \
                   when { principal is Portico::Person && principal.subject == \"demo|bob\" };";
    change(format!("{BASE}@id(\"not-bob\") forbid(principal, {not_bob}"), 1).await;
    let refused = ask(&bob).await;
    assert_eq!(refused.problem_kind(403), "forbidden");
    assert!(refused.headers.get("cache-status").is_none() && !refused.text().contains("\"ok\""));
    assert_eq!(ask(&alice).await.expect(200).header("cache-status"), "portico; hit", "it is still there");
    let conditional = bob.get("/bff/acme.todos/todos").header("if-none-match", "*").send().await;
    conditional.problem(403);

    change(BASE.to_owned(), 2).await;
    assert_eq!(ask(&bob).await.expect(200).header("cache-status"), "portico; hit");
    assert_eq!(app.todos.seen().len(), 1, "and the service was asked once in all");
}
