use std::fs;
use std::sync::Arc;

use portico_registry::HostedManifest;
use serde_json::json;

use crate::world::{World, ids, plain, signature, todos};

#[tokio::test]
async fn case_54_a_bad_manifest_leaves_the_last_good_one_in_use_and_says_so() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let registry = world.open().await;
    let before = registry.snapshot();
    let text = fs::read_to_string(dist.join("remote.json")).expect("read");
    fs::write(dist.join("remote.json"), text.replace("1.2.0", "1.3.0")).expect("written");
    let report = registry.reload().await;
    assert_eq!(report.in_use, 1);
    assert_eq!(report.problems[0].field, "/signature");
    assert!(report.problems[0].last_good_kept);
    let kept = registry.snapshot();
    assert_eq!(
        kept.remote("acme.todos").expect("kept").manifest,
        before.remote("acme.todos").expect("there").manifest
    );
    registry.file("acme.todos", "1.2.0", "index.js").expect("its files too");
}

#[tokio::test]
async fn the_last_good_manifest_outlives_several_bad_reloads() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let registry = world.open().await;
    for text in ["", "{", "null", "[]"] {
        fs::write(dist.join("remote.json"), text).expect("written");
        let report = registry.reload().await;
        assert_eq!((report.in_use, report.problems.len()), (1, 1), "{text:?}");
    }
    world.publish("todos", &todos());
    assert!(registry.reload().await.problems.is_empty());
}

#[tokio::test]
async fn a_new_version_replaces_the_old_one() {
    let world = World::new();
    world.publish("todos", &todos());
    let registry = world.open().await;
    let mut next = todos();
    next["version"] = json!("1.3.0");
    world.publish("todos", &next);
    registry.reload().await;
    assert_eq!(registry.snapshot().remote("acme.todos").expect("in use").version.to_string(), "1.3.0");
}

#[tokio::test]
async fn a_remote_that_was_taken_away_is_gone() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let registry = world.open().await;
    fs::remove_dir_all(dist.parent().expect("a parent")).expect("removed");
    assert_eq!(registry.reload().await.in_use, 0);
}

#[tokio::test]
async fn a_snapshot_does_not_change_under_a_request() {
    let world = World::new();
    world.publish("todos", &todos());
    let registry = world.open().await;
    let held = registry.snapshot();
    fs::remove_dir_all(world.dist("todos")).expect("removed");
    registry.reload().await;
    assert!(held.remote("acme.todos").is_some());
    assert!(registry.snapshot().remote("acme.todos").is_none());
}

#[tokio::test]
async fn an_origin_that_does_not_answer_keeps_its_last_good_manifest() {
    let mut world = World::new();
    let url = "https://cdn.example/todos/remote.json".to_owned();
    world.config.manifests = vec![HostedManifest { url: url.clone(), development_sign: false }];
    let manifest = plain("@acme/hosted", "1.0.0", "/hosted").to_string().into_bytes();
    let signature = signature(&world.team, "acme-2026", "@acme/hosted", &manifest);
    world.cdn.0.lock().insert(url.clone(), Some(manifest));
    world.cdn.0.lock().insert("https://cdn.example/todos/remote.sig.json".to_owned(), Some(signature));
    let registry = world.open().await;
    assert_eq!(ids(&registry), ["acme.hosted"]);
    world.cdn.0.lock().insert(url, None);
    let report = registry.reload().await;
    assert!(report.incomplete && report.problems[0].last_good_kept, "{report:?}");
    assert_eq!(ids(&registry), ["acme.hosted"]);
}

#[tokio::test]
async fn a_reload_that_finds_nothing_new_changes_nothing() {
    let world = World::new();
    world.publish("todos", &todos());
    world.build("unsigned", &plain("@acme/unsigned", "1.0.0", "/unsigned"));
    let registry = world.open().await;
    let before = registry.snapshot();
    assert_eq!(registry.reload().await.problems, before.problems());
    assert!(Arc::ptr_eq(&before, &registry.snapshot()));
    world.sign(&world.dist("unsigned"), "acme-2026", "@acme/unsigned");
    registry.reload().await;
    assert!(!Arc::ptr_eq(&before, &registry.snapshot()));
}
