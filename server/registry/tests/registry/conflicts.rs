use serde_json::json;

use crate::world::{World, ids, only_problem, plain};

#[tokio::test]
async fn the_later_of_two_that_claim_a_route_is_refused() {
    for (first, second) in [("/work", "/work"), ("/work", "/work/mine"), ("/work/mine", "/work")] {
        let world = World::new();
        world.publish("a", &plain("@acme/a", "1.0.0", first));
        world.publish("b", &plain("@acme/b", "1.0.0", second));
        let registry = world.open().await;
        assert_eq!(ids(&registry), ["acme.a"]);
        let problem = only_problem(&registry);
        assert_eq!(
            (problem.field.as_str(), problem.remote.as_deref()),
            ("/frontend/routes/0/path", Some("@acme/b"))
        );
        assert!(problem.reason.contains("belongs to @acme/a"), "{problem}");
    }
}

#[tokio::test]
async fn similar_routes_are_no_conflict() {
    let world = World::new();
    world.publish("a", &plain("@acme/a", "1.0.0", "/work"));
    world.publish("b", &plain("@acme/b", "1.0.0", "/workshop"));
    assert_eq!(ids(&world.open().await), ["acme.a", "acme.b"]);
}

#[tokio::test]
async fn one_version_comes_from_one_place() {
    let world = World::new();
    world.publish("a", &plain("@acme/a", "1.0.0", "/a"));
    world.publish("b", &plain("@acme/a", "1.0.0", "/b"));
    let registry = world.open().await;
    let problem = only_problem(&registry);
    assert_eq!(problem.field, "/version");
    assert!(problem.file.contains("/b/") && problem.reason.contains("/a/"), "{problem}");
    assert!(registry.snapshot().route_owner("/a").is_some());
}

#[tokio::test]
async fn the_highest_stable_version_that_works_with_this_shell_is_in_use() {
    let world = World::new();
    for version in ["1.9.0", "1.10.0", "1.2.0", "2.0.0-rc.1"] {
        world.publish(version, &plain("@acme/a", version, "/a"));
    }
    let mut later = plain("@acme/a", "3.0.0", "/a");
    later["shell"] = json!("^2.0.0");
    world.publish("3.0.0", &later);
    let registry = world.open().await;
    assert_eq!(registry.snapshot().remote("acme.a").expect("in use").manifest.version, "1.10.0");
    assert!(registry.snapshot().problems().is_empty());
    registry.file("acme.a", "1.2.0", "index.js").expect("older versions are served to pages that are open");
}

#[tokio::test]
async fn a_remote_without_a_usable_version_is_named() {
    let world = World::new();
    let mut later = plain("@acme/a", "3.0.0", "/a");
    later["shell"] = json!("^2.0.0");
    world.publish("a", &later);
    let problem = only_problem(&world.open().await);
    assert_eq!(problem.field, "/shell");
    assert!(problem.reason.contains("^2.0.0"), "{problem}");
    let world = World::new();
    world.publish("a", &plain("@acme/a", "1.0.0-beta.1", "/a"));
    assert_eq!(only_problem(&world.open().await).field, "/version");
}
