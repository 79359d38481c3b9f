use std::fs;

use portico_registry::HostedManifest;

use crate::world::{World, ids, only_problem, plain, signature};

const URL: &str = "http://127.0.0.1:4019/hosted/remote.json";

fn hosted(development_sign: bool) -> World {
    let mut world = World::in_development();
    world.config.manifests = vec![HostedManifest { url: URL.to_owned(), development_sign }];
    world
}

fn put(world: &World, url: &str, body: impl Into<Vec<u8>>) {
    world.cdn.0.lock().insert(url.to_owned(), Some(body.into()));
}

#[tokio::test]
async fn fixtures_are_read_only_where_asked_for() {
    let mut world = World::new();
    world.publish("fixtures/throws", &plain("@acme/throws", "1.0.0", "/fixtures/throws"));
    world.publish("good", &plain("@acme/good", "1.0.0", "/good"));
    assert_eq!(ids(&world.open().await), ["acme.good"]);
    world.config.fixtures = true;
    assert_eq!(ids(&world.open().await), ["acme.good", "acme.throws"]);
}

#[tokio::test]
async fn a_directory_prepared_for_serving_needs_no_dist() {
    let world = World::new();
    let dist = world.publish("todos", &plain("@acme/todos", "1.0.0", "/todos"));
    fs::rename(&dist, world.root.join("remotes/prepared")).expect("moved");
    assert_eq!(ids(&world.open().await), ["acme.todos"]);
}

#[tokio::test]
async fn a_project_that_was_not_built_says_so() {
    let world = World::new();
    let project = world.root.join("remotes/todos");
    fs::create_dir_all(&project).expect("made");
    fs::write(project.join("remote.json"), "{}").expect("written");
    fs::write(project.join("package.json"), "{}").expect("written");
    let problem = only_problem(&world.open().await);
    assert!(
        problem.reason.contains("npm run build") && problem.file.ends_with("todos/dist/remote.json"),
        "{problem}"
    );
}

#[tokio::test]
async fn other_directories_are_nothing_to_complain_about() {
    let world = World::new();
    for name in ["scripts", "node_modules", ".cache", "todos/src"] {
        fs::create_dir_all(world.root.join("remotes").join(name)).expect("made");
    }
    assert!(world.open().await.snapshot().problems().is_empty());
}

#[tokio::test]
async fn a_missing_directory_is_named_and_the_rest_loads() {
    let mut world = World::new();
    world.publish("good", &plain("@acme/good", "1.0.0", "/good"));
    world.config.directories.insert(0, world.root.join("nowhere"));
    let registry = world.open().await;
    assert_eq!(ids(&registry), ["acme.good"]);
    assert!(only_problem(&registry).file.ends_with("nowhere"));
}

#[tokio::test]
async fn one_bad_manifest_does_not_keep_the_rest_out() {
    let world = World::new();
    world.publish("good", &plain("@acme/good", "1.0.0", "/good"));
    let mut bad = plain("@acme/bad", "1.0.0", "/bad");
    bad["frontend"]["colour"] = serde_json::json!("red");
    world.publish("bad", &bad);
    let registry = world.open().await;
    assert_eq!(ids(&registry), ["acme.good"]);
    let problem = only_problem(&registry);
    assert!(problem.file.ends_with("bad/dist/remote.json"));
    assert_eq!(problem.field, "/frontend/colour");
    assert!(problem.to_string().contains("unknown field `colour`"), "{problem}");
}

#[tokio::test]
async fn a_hosted_manifest_signed_by_its_team_is_in_use() {
    let world = hosted(false);
    let manifest = plain("@acme/hosted", "1.0.0", "/hosted").to_string();
    put(
        &world,
        "http://127.0.0.1:4019/hosted/remote.sig.json",
        signature(&world.team, "acme-2026", "@acme/hosted", manifest.as_bytes()),
    );
    put(&world, URL, manifest);
    assert_eq!(ids(&world.open().await), ["acme.hosted"]);
}

#[tokio::test]
async fn a_hosted_manifest_is_signed_in_development_only_where_asked_for() {
    let world = hosted(false);
    put(&world, URL, plain("@acme/hosted", "1.0.0", "/hosted").to_string());
    assert!(only_problem(&world.open().await).reason.contains("unsigned"));
    let world = hosted(true);
    put(&world, URL, plain("@acme/hosted", "1.0.0", "/hosted").to_string());
    assert_eq!(ids(&world.open().await), ["acme.hosted"]);
}

#[tokio::test]
async fn case_54_a_hosted_version_that_changes_after_it_was_signed_is_refused() {
    let world = hosted(true);
    put(&world, URL, plain("@acme/hosted", "1.0.0", "/hosted").to_string());
    let registry = world.open().await;
    put(&world, URL, plain("@acme/hosted", "1.0.0", "/elsewhere").to_string());
    let report = registry.reload().await;
    assert_eq!(report.problems[0].field, "/signature");
    assert!(registry.snapshot().route_owner("/hosted").is_some(), "the last good one is kept");
    put(&world, URL, plain("@acme/hosted", "1.1.0", "/elsewhere").to_string());
    assert!(registry.reload().await.problems.is_empty(), "another version is another manifest");
}

#[tokio::test]
async fn an_origin_that_cannot_be_reached_is_named_and_worth_another_try() {
    let world = hosted(true);
    world.cdn.0.lock().insert(URL.to_owned(), None);
    let registry = world.open().await;
    let problem = only_problem(&registry);
    assert_eq!(problem.file, URL);
    assert!(problem.reason.contains("time limit"), "{problem}");
    assert!(registry.snapshot().is_incomplete());
    put(&world, URL, plain("@acme/hosted", "1.0.0", "/hosted").to_string());
    assert!(!registry.reload().await.incomplete);
    assert_eq!(ids(&registry), ["acme.hosted"]);
}
