//! `portico policy check`: a changed policy against what was decided.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::test_app::{TestApp, eventually};

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
