use portico_registry::Grants;
use serde_json::{Value, json};

use super::*;
use crate::config::{QuotaOverrides, UpstreamConfig};

/// A project in a directory of its own, with a configuration that grants what it asks for.
struct World {
    _directory: tempfile::TempDir,
    config: Config,
}

fn manifest(routes: Value) -> Value {
    json!({
        "name": "@acme/todos", "owner": "team-todos",
        "backend": { "url": "https://todos.example", "audience": "todos", "scopes": ["todos.read"], "routes": routes },
        "events": { "publish": [{ "type": "todo.done", "topic": "todos" }] },
    })
}

fn sound() -> Value {
    manifest(json!([
        { "methods": ["GET"], "path": "/todos/**", "permissions": ["todos.read"] },
        { "methods": ["POST", "DELETE"], "path": "/todos/**", "permissions": ["todos.write"] },
    ]))
}

impl World {
    fn with(manifest: &Value) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let project = directory.path().join("todos");
        std::fs::create_dir(&project).expect("it can be made");
        std::fs::write(project.join("remote.json"), manifest.to_string()).expect("it can be written");
        let mut config = Config::default();
        config.registry.directories = vec![directory.path().to_owned()];
        let mut world = Self { _directory: directory, config };
        world.grant(json!({
            "backend_origins": ["https://todos.example"], "audiences": ["todos"], "scopes": ["todos.read"],
            "topics": ["todos"], "publish": ["todo.done"],
        }));
        world
    }

    fn grant(&mut self, grant: Value) {
        let grants: Grants = serde_json::from_value(json!({ "@acme/todos": grant })).expect("a grant");
        self.config.registry.grants = grants;
    }

    /// Rules and fields.
    fn found(&self) -> Vec<(&'static str, String)> {
        let findings = lint(&self.config, Some(Path::new("portico.toml")), &[]);
        for finding in &findings {
            let told = [&finding.file, &finding.field, &finding.why].into_iter().all(|text| !text.is_empty());
            assert!(told && !finding.fix.is_empty(), "{finding}");
        }
        findings.into_iter().map(|finding| (finding.rule, finding.field)).collect()
    }
}

fn found(manifest: &Value) -> Vec<(&'static str, String)> {
    World::with(manifest).found()
}

fn route(methods: &[&str], path: &str, permissions: &[&str]) -> Value {
    json!({ "methods": methods, "path": path, "permissions": permissions })
}

#[test]
fn what_is_sound_is_not_reported() {
    assert_eq!(found(&sound()), []);
}

#[test]
fn a_pass_through_adds_no_policy() {
    let every = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let open = found(&manifest(json!([route(&every, "/**", &[])])));
    assert_eq!(open, [("pass-through", "/backend/routes/0".to_owned())]);
    for with_policy in
        [route(&every, "/**", &["todos.use"]), route(&["GET"], "/**", &[]), route(&every, "/todos/**", &[])]
    {
        assert_eq!(found(&manifest(json!([with_policy]))), []);
    }
}

#[test]
fn a_public_route_names_what_it_opens() {
    let public = |path: &str| manifest(json!([{ "methods": ["GET"], "path": path, "public": true }]));
    let mut world = World::with(&public("/public/**"));
    world.grant(json!({ "public_routes": ["/public/**"] }));
    world.config.registry.grants = serde_json::from_value(json!({ "*": {} })).expect("a grant");
    assert_eq!(world.found(), [("public-wildcard", "/backend/routes/0/path".to_owned())]);
    assert_eq!(found(&public("/public/*")), []);
}

#[test]
fn what_the_browser_calls_by_itself_has_a_reason() {
    let mut direct = sound();
    direct["security"] = json!({ "csp": { "connect-src": ["https://tiles.example"] } });
    let mut world = World::with(&direct);
    world.config.registry.grants = serde_json::from_value(json!({ "*": {} })).expect("a grant");
    assert_eq!(world.found(), [("direct-without-reason", "/security/csp/connect-src/0".to_owned())]);
    direct["security"] = json!({
        "direct": [{ "origin": "https://tiles.example", "reason": "Map tiles, straight from their network" }],
    });
    let mut world = World::with(&direct);
    world.config.registry.grants = serde_json::from_value(json!({ "*": {} })).expect("a grant");
    assert_eq!(world.found(), []);
}

#[test]
fn a_remote_in_token_mode_calls_its_own_service() {
    let mut own = sound();
    own["backend"]["tokenMode"] = json!(true);
    own["security"] = json!({ "csp": { "connect-src": ["https://todos.example"] } });
    let mut world = World::with(&own);
    world.config.registry.grants = serde_json::from_value(json!({ "*": {} })).expect("a grant");
    assert_eq!(world.found(), []);
}

#[test]
fn a_route_inside_a_wider_one_with_the_same_policy_is_redundant() {
    let routes = json!([
        route(&["GET", "POST"], "/todos/**", &["todos.read"]),
        route(&["GET"], "/todos/*/items", &["todos.read"]),
        route(&["GET"], "/todos/admin", &["todos.read", "todos.admin"]),
        route(&["POST"], "/todos/admin", &["todos.read", "todos.admin"]),
    ]);
    assert_eq!(found(&manifest(routes)), [("redundant-route", "/backend/routes/1".to_owned())]);
}

#[test]
fn a_change_that_a_wider_route_answers_more_easily_falls_through() {
    let hole = manifest(json!([
        route(&["GET", "DELETE"], "/**", &["todos.read"]),
        route(&["GET"], "/admin/**", &["org.admin"]),
    ]));
    assert_eq!(found(&hole), [("falls-through", "/backend/routes/1".to_owned())]);
    let closed = manifest(json!([
        route(&["GET", "DELETE"], "/**", &["todos.read"]),
        route(&["GET"], "/admin/**", &["org.admin"]),
        route(&["DELETE"], "/admin/**", &["org.admin"]),
    ]));
    assert_eq!(found(&closed), []);
}

#[test]
fn grants_that_nobody_uses_are_reported_value_by_value() {
    let mut world = World::with(&sound());
    world.grant(json!({
        "backend_origins": ["https://todos.example", "https://old.example"], "audiences": ["todos"],
        "scopes": ["todos.read", "todos.write"], "topics": ["todos"], "publish": ["todo.done"],
        "subscribe": ["todo.undone"], "public_routes": ["/public/**"], "direct_origins": ["https://tiles.example"],
        "csp": { "img-src": ["https://images.example"] }, "token_mode": true,
    }));
    let key = |list: &str| ("unused-grant", format!("registry.grants.\"@acme/todos\".{list}"));
    let lists = [
        "backend_origins",
        "scopes",
        "subscribe",
        "public_routes",
        "direct_origins",
        "csp.img-src",
        "token_mode",
    ];
    assert_eq!(world.found(), lists.map(key));
    world.config.registry.grants =
        serde_json::from_value(json!({ "@acme/gone": { "audiences": ["gone"] }, "@acme/*": {} }))
            .expect("grants");
    assert_eq!(world.found(), [("unused-grant", "registry.grants.\"@acme/gone\"".to_owned())]);
}

#[test]
fn what_is_hosted_elsewhere_may_use_any_grant() {
    let mut world = World::with(&sound());
    world.grant(json!({ "audiences": ["todos", "other"] }));
    let hosted = json!([{ "url": "https://cdn.example/remote.json" }]);
    world.config.registry.manifests = serde_json::from_value(hosted).expect("a manifest's place");
    assert_eq!(world.found(), []);
}

#[test]
fn what_is_set_for_one_remote_is_for_one_that_is_there() {
    let mut world = World::with(&sound());
    for id in ["acme.todos", "acme.gone"] {
        world.config.gateway.quotas.insert(id.to_owned(), QuotaOverrides::default());
        world.config.gateway.upstreams.insert(id.to_owned(), UpstreamConfig::default());
        let key = json!({ "kind": "api-key", "header": "X-Api-Key", "secret": { "env": "KEY" } });
        let credential = serde_json::from_value(key).expect("a credential");
        world.config.gateway.credentials.insert(id.to_owned(), credential);
    }
    let key = |table| ("unused-setting", format!("gateway.{table}.\"acme.gone\""));
    assert_eq!(world.found(), ["quotas", "upstreams", "credentials"].map(key));
}

#[test]
fn somebody_owns_a_remote_and_nobody_waits_for_minutes() {
    let mut nobodys = sound();
    nobodys["owner"] = json!("TBD");
    nobodys["backend"]["timeoutMs"] = json!(60_000);
    let expected = [("no-owner", "/owner"), ("long-timeout", "/backend/timeoutMs")];
    assert_eq!(found(&nobodys), expected.map(|(rule, field)| (rule, field.to_owned())));
}

#[test]
fn a_manifest_that_cannot_be_read_says_where() {
    let mut broken = sound();
    broken["backend"]["routes"][0]["methods"] = json!(["FETCH"]);
    let mut world = World::with(&broken);
    world.config.registry.grants = Grants::default();
    let findings = lint(&world.config, None, &[]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        (findings[0].rule, findings[0].field.as_str()),
        ("not-a-manifest", "backend.routes[0].methods[0]")
    );
}

#[test]
fn the_checkouts_own_configuration_is_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = root.join("portico.toml");
    let mut config =
        crate::config::load_from(Some(&file), &std::collections::BTreeMap::new()).expect("it is sound");
    for directory in &mut config.registry.directories {
        *directory = root.join(&directory);
    }
    let findings = lint(&config, Some(&file), &[]);
    assert!(
        findings.is_empty(),
        "{}",
        findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    );
}
