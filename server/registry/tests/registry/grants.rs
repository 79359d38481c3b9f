use portico_registry::Grant;
use serde_json::{Value, json};

use crate::resolve::resolve;
use crate::world::{World, grants, ids, only_problem, todos, usual_grant};

/// What is said of the example with `value` at `pointer`.
async fn refused(pointer: &str, value: Value) -> (String, String) {
    let world = World::new();
    let mut manifest = todos();
    let (parent, key) = pointer.rsplit_once('/').expect("a parent");
    match manifest.pointer_mut(parent).expect("the parent exists") {
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
        object => object[key] = value,
    }
    world.publish("todos", &manifest);
    let registry = world.open().await;
    assert!(ids(&registry).is_empty());
    let problem = only_problem(&registry);
    assert_eq!(problem.remote.as_deref(), Some("@acme/todos"));
    assert!(problem.file.ends_with("remote.json"));
    (problem.field, problem.reason)
}

#[tokio::test]
async fn case_35_a_manifest_that_asks_for_another_teams_audience_is_left_out_with_the_field_named() {
    let (field, reason) = refused("/backend/audience", json!("https://api.example/payroll")).await;
    assert_eq!(field, "/backend/audience");
    assert!(
        reason.contains("https://api.example/payroll") && reason.contains("https://api.example/todos"),
        "{reason}"
    );
}

#[tokio::test]
async fn case_35_an_upstream_outside_the_grant_is_left_out_with_the_field_named() {
    for url in [
        "http://169.254.169.254",
        "http://127.0.0.1:4011",
        "https://127.0.0.1:4010",
        "http://127.0.0.1:4010.evil.example",
        "http://localhost:4010",
    ] {
        assert_eq!(refused("/backend/url", json!(url)).await.0, "/backend/url", "{url}");
    }
}

#[tokio::test]
async fn case_35_every_other_request_beyond_the_grant_is_named() {
    for (pointer, value, field) in [
        ("/backend/scopes", json!(["todos.read", "payroll.read"]), "/backend/scopes/1"),
        ("/backend/tokenMode", json!(true), "/backend/tokenMode"),
        ("/events/publish/0/topic", json!("payroll.inbound"), "/events/publish/0/topic"),
        ("/events/publish/0/type", json!("payroll.paid"), "/events/publish/0/type"),
        ("/events/subscribe/0/topic", json!("payroll.outbound"), "/events/subscribe/0/topic"),
        ("/events/subscribe/0/type", json!("payroll.paid"), "/events/subscribe/0/type"),
        ("/security/csp/img-src", json!(["https://evil.example"]), "/security/csp/img-src/0"),
        ("/security/csp/connect-src", json!(["https://images.example"]), "/security/csp/connect-src/0"),
        ("/frontend/bundleSize", json!(35 * 1024 + 1), "/frontend/bundleSize"),
    ] {
        assert_eq!(refused(pointer, value).await.0, field);
    }
}

#[tokio::test]
async fn everything_beyond_the_grant_is_listed_at_once() {
    let mut world = World::new();
    world.config.grants = grants("@acme/*", &Grant::default());
    world.publish("todos", &todos());
    let snapshot = world.open().await.snapshot();
    let fields: Vec<_> = snapshot.problems().iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "/backend/url",
            "/backend/audience",
            "/backend/scopes/0",
            "/backend/scopes/1",
            "/events/publish/0/type",
            "/events/publish/0/topic",
            "/events/subscribe/0/type",
            "/events/subscribe/0/topic",
            "/security/csp/img-src/0"
        ]
    );
    assert!(snapshot.problems()[0].reason.ends_with("grant: nothing"), "{}", snapshot.problems()[0]);
}

#[tokio::test]
async fn the_most_specific_grant_counts_alone() {
    let mut world = World::new();
    let exact = Grant { audiences: vec!["https://api.example/other".to_owned()], ..usual_grant() };
    world.config.grants = [("*", usual_grant()), ("@acme/*", usual_grant()), ("@acme/todos", exact)]
        .map(|(pattern, grant)| (pattern.parse().expect("a pattern"), grant))
        .into_iter()
        .collect();
    world.publish("todos", &todos());
    assert_eq!(only_problem(&world.open().await).field, "/backend/audience");
}

#[tokio::test]
async fn a_grant_may_raise_the_budget_and_allow_token_mode() {
    let mut world = World::new();
    let grant = Grant { token_mode: true, max_bundle_size: Some(100_000), ..usual_grant() };
    world.config.grants = grants("@acme/todos", &grant);
    let mut manifest = todos();
    manifest["frontend"]["bundleSize"] = json!(100_000);
    manifest["backend"]["tokenMode"] = json!(true);
    world.publish("todos", &manifest);
    let registry = world.open().await;
    assert_eq!(ids(&registry), ["acme.todos"]);
}

#[tokio::test]
async fn a_public_route_needs_a_grant_that_covers_all_of_it() {
    for (granted, sound) in [("/public/**", true), ("/**", true), ("/public/*", false), ("/other/**", false)]
    {
        let mut world = World::new();
        let grant = Grant { public_routes: vec![granted.to_owned()], ..usual_grant() };
        world.config.grants = grants("@acme/todos", &grant);
        let mut manifest = todos();
        manifest["backend"]["routes"] = json!([{ "methods": ["GET"], "path": "/public/**", "public": true }]);
        world.publish("todos", &manifest);
        let registry = world.open().await;
        match sound {
            true => assert_eq!(ids(&registry), ["acme.todos"], "{granted}"),
            false => {
                let problem = only_problem(&registry);
                assert_eq!(problem.field, "/backend/routes/0/public");
                assert!(
                    problem.reason.contains("`public_routes`") && problem.reason.contains(granted),
                    "{problem}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_the_browser_calls_directly_needs_a_grant_and_is_in_the_pages_policy() {
    let mut manifest = todos();
    let reason = "Map tiles, straight from their network";
    manifest["security"]["direct"] = json!([{ "origin": "https://tiles.example", "reason": reason }]);
    let mut world = World::new();
    world.config.grants = grants("@acme/todos", &usual_grant());
    world.publish("todos", &manifest);
    assert_eq!(only_problem(&world.open().await).field, "/security/direct/0/origin");
    let grant = Grant { direct_origins: vec!["https://tiles.example".to_owned()], ..usual_grant() };
    world.config.grants = grants("@acme/todos", &grant);
    let registry = world.open().await;
    let snapshot = registry.snapshot();
    let applications = resolve(&registry, &["todos.read"]);
    assert_eq!(applications[0].direct, ["https://tiles.example"]);
    assert!(snapshot.csp_sources(&applications)["connect-src"].contains("https://tiles.example"));
    assert!(!snapshot.csp_sources(&[]).contains_key("connect-src"), "and of no other page");
}

#[test]
fn a_grant_that_could_match_nothing_is_a_mistake() {
    let mut world = World::new();
    let grant = Grant {
        public_routes: vec!["public".to_owned()],
        direct_origins: vec!["tiles.example".to_owned()],
        ..usual_grant()
    };
    world.config.grants = grants("@acme/todos", &grant);
    let keys: Vec<_> = world.config.problems().into_iter().map(|problem| problem.key).collect();
    let of = |list: &str| format!("grants.\"@acme/todos\".{list}");
    assert_eq!(keys, [of("public_routes"), of("direct_origins")]);
}
