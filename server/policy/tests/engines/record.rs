//! Decisions that are kept, and a changed policy that is tried against them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portico_policy::{
    Action, Effect, PolicyConfig, PolicyEngine, Query, Recording, Resource, RolePolicy, replay,
};
use portico_ports::SystemClock;
use tempfile::TempDir;

use crate::world::{bob, cedar, condition, equals_attribute, parameters, route};

fn recording() -> (TempDir, PathBuf, Recording) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("decisions.jsonl");
    let engine =
        Recording::start(Arc::new(RolePolicy), Arc::new(SystemClock), &path, 1 << 20).expect("starts");
    (directory, path, engine)
}

/// The record once it has `count` lines.
fn lines(path: &Path, count: usize) -> Vec<String> {
    for _ in 0..500 {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.matches('\n').count() >= count {
            return text.lines().map(str::to_owned).collect();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{count} decisions were never written to {}", path.display());
}

/// Two calls for the own organization, one for another, one as an administrator.
async fn a_few_decisions(engine: &dyn PolicyEngine) {
    let (bob, parameters) = (bob(), parameters());
    let own = [
        condition("path.org", equals_attribute("organization")),
        condition("query.view", portico_policy::Comparison::Equals("open".into())),
    ];
    for path in ["/orgs/acme/todos/7", "/orgs/acme/todos/7", "/orgs/globex/todos/7"] {
        let query = Query::new(Some(&bob), Action::Call("GET"), route(path));
        engine.ask(&query.on_condition(&own, &parameters, Some("view=open&token=s3cret"))).await;
    }
    let admin = ["org.admin".to_owned()];
    let page = Query::new(Some(&bob), Action::Invoke, Resource::Function { name: "list-members" });
    engine.decide_all(&[page.requiring(&admin)]).await;
}

#[tokio::test]
async fn a_record_holds_what_was_asked_and_nothing_that_is_secret() {
    let (_directory, path, engine) = recording();
    a_few_decisions(&engine).await;
    let lines = lines(&path, 4);
    assert_eq!(lines.len(), 4);
    assert!(!lines.concat().contains("s3cret"), "a query is not recorded");
    let first: serde_json::Value = serde_json::from_str(&lines[0]).expect("JSON");
    assert_eq!(first["resource"]["parameters"]["org"], "acme");
    assert_eq!((&first["query"], &first["effect"]), (&"view=open".into(), &"allow".into()));
    assert!(lines[2].contains("the condition does not hold that path.org equals organization"));
}

#[tokio::test]
async fn the_same_policy_changes_nothing() {
    let (_directory, path, engine) = recording();
    a_few_decisions(&engine).await;
    lines(&path, 4);
    let same = replay(&RolePolicy, &PolicyConfig::demo(), &path).await.expect("readable");
    assert_eq!((same.decisions, same.questions, same.changes.len()), (4, 3, 0), "{same:?}");
}

#[tokio::test]
async fn a_changed_policy_says_which_decisions_would_change_and_why() {
    let (_directory, path, engine) = recording();
    a_few_decisions(&engine).await;
    lines(&path, 4);
    let (_files, stricter) = cedar("@id(\"nobody\") forbid(principal, action, resource);");
    let tried = replay(&stricter, &PolicyConfig::demo(), &path).await.expect("readable");
    let [change] = &tried.changes[..] else { panic!("one question changes: {tried:?}") };
    assert_eq!((change.times, change.before, change.after), (2, Effect::Allow, Effect::Deny));
    assert_eq!(change.reason_after, "forbidden by nobody");

    let mut promoted = PolicyConfig::demo();
    let all = promoted.roles["admin"].clone();
    promoted.roles.insert("member".to_owned(), all);
    let tried = replay(&RolePolicy, &promoted, &path).await.expect("readable");
    let [change] = &tried.changes[..] else { panic!("one question changes: {tried:?}") };
    assert_eq!((change.before, change.after), (Effect::Deny, Effect::Allow), "roles are read anew");
}

#[tokio::test]
async fn a_line_that_is_no_decision_is_named_and_a_half_written_last_one_is_left_out() {
    let (_directory, path, engine) = recording();
    a_few_decisions(&engine).await;
    let text = lines(&path, 4).join("\n");
    std::fs::write(&path, format!("{text}\n{{\"time\":")).expect("written");
    assert_eq!(replay(&RolePolicy, &PolicyConfig::demo(), &path).await.expect("readable").decisions, 4);
    std::fs::write(&path, format!("nonsense\n{text}\n")).expect("written");
    let error = replay(&RolePolicy, &PolicyConfig::demo(), &path).await.expect_err("refused").to_string();
    assert!(error.contains("decisions.jsonl:1:"), "{error}");
    let gone =
        replay(&RolePolicy, &PolicyConfig::demo(), Path::new("/nowhere/x")).await.expect_err("refused");
    assert!(gone.to_string().contains("/nowhere/x"));
}
