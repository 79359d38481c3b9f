//! `portico policy check`: a changed policy against what was decided.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::test_app::{Reply, TestApp, Upstream, eventually};

/// Runs the command with a configuration of its own.
fn check(directory: &Path, config: &str, options: &[&str]) -> Output {
    let file = directory.join("changed.toml");
    std::fs::write(&file, config).expect("the configuration can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_portico"));
    command.args(["policy", "check", "--config"]).arg(&file).args(options);
    command.env_clear().current_dir(directory).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A portal that records, and its record after a page and two calls.
async fn recorded() -> (TestApp, std::path::PathBuf) {
    let mut record = std::path::PathBuf::new();
    let app = TestApp::configured(|config| {
        record = config.data_dir.with_file_name("decisions.jsonl");
        config.policy.record = Some(record.clone());
    })
    .await;
    let bob = app.signed_in("bob").await;
    bob.get("/todos").send().await.page(200);
    bob.get("/bff/acme.todos/todos?token=s3cret").send().await.expect(200);
    bob.get("/bff/acme.todos/admin/x").send().await.expect(403);
    let is_there = || std::fs::read_to_string(&record).is_ok_and(|text| text.contains("/admin/x"));
    eventually("the decisions are recorded", is_there).await;
    (app, record)
}

#[tokio::test]
async fn a_change_of_policy_is_tried_before_it_takes_effect() {
    let (app, record) = recorded().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = record.display().to_string();
    assert!(!std::fs::read_to_string(&record).expect("there").contains("s3cret"));

    let same = check(directory.path(), "", &["--record", &file]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stderr));
    assert!(text(&same.stdout).contains("nothing would change"), "{}", text(&same.stdout));

    std::fs::write(
        directory.path().join("policies.cedar"),
        "permit(principal, action, resource);
         @id(\"no-calls\") forbid(principal, action == Portico::Action::\"call\", resource);",
    )
    .expect("written");
    let cedar = "[policy]\nengine = \"cedar\"\ncedar.policies = \"policies.cedar\"\n";
    let stricter = check(directory.path(), cedar, &["--record", &file]);
    let said = text(&stricter.stdout);
    assert_eq!(stricter.status.code(), Some(1), "{said}{}", text(&stricter.stderr));
    assert!(said.contains("allowed -> refused  call GET route acme.todos /todos"), "{said}");
    assert!(said.contains("forbidden by no-calls") && said.contains("demo|bob of acme (member)"), "{said}");

    let allowed = check(directory.path(), cedar, &["--record", &file, "--allow-changes", "--json"]);
    assert_eq!(allowed.status.code(), Some(0));
    let json: Value = serde_json::from_slice(&allowed.stdout).expect("JSON and nothing else");
    assert_eq!(json["changes"][0]["after"], "deny", "{json}");
    drop(app);
}

#[tokio::test]
async fn an_agent_that_is_away_is_no_change_of_policy_and_ends_with_three() {
    let (_app, record) = recorded().await;
    let file = record.display().to_string();
    let directory = tempfile::tempdir().expect("a directory");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let gone = format!("http://{}", gone.local_addr().expect("an address"));
    let agent = Upstream::start().await;
    // It loses its way after the first look at it, and is asked about before it is believed.
    let asked = std::sync::atomic::AtomicUsize::new(0);
    agent.answers(move |seen| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 if seen.line == "GET /health HTTP/1.1" => Reply::status(200),
        _ => Reply::status(500),
    });
    for (url, why) in [(gone, "cannot be reached"), (agent.url(), "answered 500")] {
        let opa = format!("[policy]\nengine = \"opa\"\nopa.url = \"{url}\"\nopa.timeout_ms = 20000\n");
        let options = ["--record", &file, "--allow-changes", "--json"];
        let path = directory.path().to_owned();
        let options = options.map(str::to_owned);
        let run = move || check(&path, &opa, &options.each_ref().map(String::as_str));
        let output = tokio::task::spawn_blocking(run).await.expect("it runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(
            said.contains(why) && said.contains(&format!("Start it at policy.opa.url ({url})")),
            "{said}"
        );
        assert!(output.stdout.is_empty(), "nothing was compared");
    }
    let health = |seen: &&crate::test_app::Seen| seen.line == "GET /health HTTP/1.1";
    assert_eq!(agent.seen().iter().filter(health).count(), 2);
}

#[tokio::test]
async fn an_agent_without_an_answer_to_a_question_is_a_change() {
    let (_app, record) = recorded().await;
    let file = record.display().to_string();
    let directory = tempfile::tempdir().expect("a directory");
    let agent = Upstream::start().await;
    agent.answers(|_| {
        Reply::Response(200, vec![("content-type".into(), "application/json".into())], "{}".into())
    });
    let opa = format!("[policy]\nengine = \"opa\"\nopa.url = \"{}\"\nopa.timeout_ms = 20000\n", agent.url());
    let run = move || check(directory.path(), &opa, &["--record", &file]);
    let output = tokio::task::spawn_blocking(run).await.expect("it runs");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stderr));
    assert!(said.contains("allowed -> no answer") && said.contains("has no document"), "{said}");
}

#[tokio::test]
async fn what_cannot_be_tried_says_why_and_ends_with_two() {
    let directory = tempfile::tempdir().expect("a directory");
    for (config, options, why) in [
        ("", &[][..], "there is no record"),
        ("", &["--record", "gone.jsonl"][..], "gone.jsonl"),
        ("[policy]\nengine = \"cedar\"\n", &["--record", "x"][..], "policy.cedar.policies"),
        (
            "[policy]\nengine = \"cedar\"\ncedar.policies = \"gone.cedar\"\n",
            &["--record", "x"][..],
            "gone.cedar",
        ),
        ("[policy]\nengine = \"casbin\"\n", &["--record", "x"][..], "casbin"),
    ] {
        let output = check(directory.path(), config, options);
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(text(&output.stderr).contains(why), "{why}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}
