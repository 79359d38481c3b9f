use portico_registry::{Grant, HostedManifest, NamePattern, OpenError, RegistryConfig};
use serde_json::json;

use crate::world::{World, grants};

#[test]
fn a_pattern_is_a_name_a_scope_or_everything() {
    for (pattern, name, expected) in [
        ("@acme/todos", "@acme/todos", true),
        ("@acme/todos", "@acme/todos2", false),
        ("@acme/*", "@acme/todos", true),
        ("@acme/*", "@acme-evil/todos", false),
        ("*", "@acme/todos", true),
    ] {
        let parsed: NamePattern = pattern.parse().expect("a pattern");
        assert_eq!(parsed.matches(name), expected, "{pattern} {name}");
        assert_eq!(parsed.to_string(), pattern);
    }
    for text in ["", "@", "@acme", "@acme/", "@*/todos", "@acme/to*", "acme/*", "**", "@acme/*/*", "@Acme/*"]
    {
        assert!(text.parse::<NamePattern>().is_err(), "{text}");
    }
}

#[test]
fn a_configuration_is_read_by_the_names_of_its_keys_and_an_unknown_one_is_named() {
    let config: RegistryConfig = serde_json::from_value(json!({
        "directories": ["remotes"],
        "manifests": [{ "url": "http://127.0.0.1:4019/wrong-hash/remote.json", "development_sign": true }],
        "development_key": "data/registry/development.key",
        "grants": { "@portico/todos": { "audiences": ["https://api.portico.example/todos"], "token_mode": true } }
    }))
    .expect("readable");
    assert!(config.problems().is_empty());
    assert!(config.grants.of("@portico/todos").expect("granted").token_mode);
    assert!(config.grants.of("@portico/chat").is_none());
    let error = serde_json::from_value::<RegistryConfig>(json!({ "grants": { "@a/b": { "audience": [] } } }))
        .expect_err("unknown key");
    assert!(error.to_string().contains("`audience`"), "{error}");
    assert!(serde_json::from_value::<RegistryConfig>(json!({ "grants": { "todos": {} } })).is_err());
}

#[tokio::test]
async fn values_that_cannot_work_are_named_before_anything_is_loaded() {
    let mut world = World::new();
    let grant = Grant {
        backend_origins: vec!["http://127.0.0.1:4010/".to_owned()],
        publish: vec!["nodot".to_owned()],
        csp: [("script-src".to_owned(), Vec::new())].into(),
        ..Grant::default()
    };
    world.config.grants = grants("@acme/todos", &grant);
    world.config.trusted_keys[0].public_key = "AAAA".to_owned();
    world.config.manifests =
        vec![HostedManifest { url: "file:///etc/passwd".to_owned(), development_sign: true }];
    let Err(OpenError::Config(problems)) = world.try_open().await else { panic!("refused") };
    let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "grants.\"@acme/todos\".backend_origins",
            "grants.\"@acme/todos\".publish",
            "grants.\"@acme/todos\".csp.script-src",
            "manifests[0].url",
            "manifests[0].development_sign",
            "trusted_keys[0].public_key"
        ]
    );
}

#[tokio::test]
async fn a_key_under_which_everything_verifies_is_refused() {
    let mut world = World::new();
    // The identity: a point of small order.
    world.config.trusted_keys[0].public_key = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned();
    assert!(matches!(world.try_open().await, Err(OpenError::Config(_))));
}
