use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha384};

use crate::world::{World, ids, only_problem, signature, todos};

const DOCUMENT: &str = "openapi: 3.1.0\npaths: { /todos: { get: {} } }\n";

fn hash(text: &str) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(text)))
}

/// To-dos with `document` beside the manifest, and the hash of `signed` in it.
fn described(world: &World, document: &str, signed: &str) -> std::path::PathBuf {
    let mut manifest = todos();
    manifest["openapi"] = json!("openapi.yaml");
    manifest["frontend"]["files"]["openapi.yaml"] = json!(hash(signed));
    write(world, &manifest, document)
}

fn write(world: &World, manifest: &Value, document: &str) -> std::path::PathBuf {
    let dist = world.publish("todos", manifest);
    replace(&dist, document);
    dist
}

fn replace(dist: &Path, document: &str) {
    fs::write(dist.join("openapi.yaml"), document).expect("the document can be written");
}

#[tokio::test]
async fn a_document_is_verified_compiled_once_and_told_to_nobody() {
    let world = World::new();
    let dist = described(&world, DOCUMENT, DOCUMENT);
    let registry = world.open().await;
    let document = || {
        let snapshot = registry.snapshot();
        let remote = snapshot.remote("acme.todos").expect("it is in use").clone();
        Arc::clone(remote.description.as_ref().expect("a description").document())
    };
    let first = document();
    assert!(first.knows("GET", "/todos/**"));
    // A manifest that changes elsewhere keeps the compiled document.
    let mut manifest: Value =
        serde_json::from_slice(&fs::read(dist.join("remote.json")).expect("read")).expect("JSON");
    manifest["displayName"] = json!("All todos");
    write(&world, &manifest, DOCUMENT);
    registry.reload().await;
    assert!(Arc::ptr_eq(&first, &document()));
    assert!(registry.file("acme.todos", "1.2.0", "openapi.yaml").is_err(), "browsers have no use for it");
    assert!(registry.file("acme.todos", "1.2.0", "chunk.js").is_ok());
}

#[tokio::test]
async fn case_54_a_document_that_is_not_the_signed_one_keeps_the_remote_out() {
    let world = World::new();
    described(&world, "openapi: 3.1.0\npaths: { /todos: { get: {} }, /x: {} }\n", DOCUMENT);
    let registry = world.open().await;
    let problem = only_problem(&registry);
    assert_eq!(problem.field, "/frontend/files/openapi.yaml");
    assert!(problem.reason.contains("is not the file that was signed"), "{}", problem.reason);
    assert!(ids(&registry).is_empty());
}

#[tokio::test]
async fn a_document_that_cannot_be_used_is_named_with_the_place_in_it() {
    for (document, expected) in [
        ("openapi: 2.0.0", "openapi.yaml #/openapi: expected version 3.0 or 3.1"),
        (
            "openapi: 3.1.0\npaths: { /todos: { get: { parameters: [{ name: a, in: body }] } } }",
            "openapi.yaml #/paths/~1todos/get/parameters/0",
        ),
    ] {
        let world = World::new();
        described(&world, document, document);
        let problem = only_problem(&world.open().await);
        assert_eq!(problem.field, "/openapi");
        assert!(problem.reason.contains(expected), "{}", problem.reason);
    }
}

#[tokio::test]
async fn a_document_without_a_hash_and_a_route_that_it_does_not_know_are_named() {
    let world = World::new();
    let mut manifest = todos();
    manifest["openapi"] = json!("openapi.yaml");
    write(&world, &manifest, DOCUMENT);
    let problem = only_problem(&world.open().await);
    assert_eq!(problem.field, "/openapi");
    assert!(problem.reason.contains("/frontend/files"), "{}", problem.reason);
    let other = "openapi: 3.1.0\npaths: { /users: { get: {} }, /todos: { post: {} } }\n";
    let world = World::new();
    described(&world, other, other);
    let problem = only_problem(&world.open().await);
    assert_eq!(problem.field, "/backend/routes/0");
    assert!(problem.reason.contains("no operation for GET /todos/**"), "{}", problem.reason);
}

#[tokio::test]
async fn a_hosted_remotes_document_is_fetched_and_held_against_its_hash() {
    let mut world = World::new();
    world.config.directories.clear();
    let url = |file: &str| format!("https://cdn.example/todos/{file}");
    world.config.manifests =
        vec![portico_registry::HostedManifest { url: url("remote.json"), development_sign: false }];
    let mut manifest = todos();
    manifest["openapi"] = json!("openapi.yaml");
    manifest["frontend"]["files"]["openapi.yaml"] = json!(hash(DOCUMENT));
    let bytes = serde_json::to_vec(&manifest).expect("JSON");
    let signed = signature(&world.team, "acme-2026", "@acme/todos", &bytes);
    let put = |file: &str, content: &[u8]| world.cdn.0.lock().insert(url(file), Some(content.to_vec()));
    put("remote.json", &bytes);
    put("remote.sig.json", &signed);
    let registry = world.open().await;
    assert!(only_problem(&registry).reason.contains("cannot be fetched"));
    put("openapi.yaml", b"openapi: 3.1.0");
    registry.reload().await;
    assert!(only_problem(&registry).reason.contains("is not the file that was signed"));
    put("openapi.yaml", DOCUMENT.as_bytes());
    registry.reload().await;
    assert_eq!(ids(&registry), ["acme.todos"]);
}
