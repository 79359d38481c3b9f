use std::fs;

use portico_registry::{FileError, Registry};
use serde_json::json;

use crate::world::{World, ids, integrity, only_problem, todos};

fn refusal(registry: &Registry, path: &str) -> FileError {
    registry.file("acme.todos", "1.2.0", path).expect_err("refused")
}

#[tokio::test]
async fn a_listed_file_is_served_with_its_type_and_hash() {
    let world = World::new();
    world.publish("todos", &todos());
    let registry = world.open().await;
    for (path, content_type) in [
        ("index.js", "text/javascript; charset=utf-8"),
        ("chunk.js", "text/javascript; charset=utf-8"),
        ("index.css", "text/css; charset=utf-8"),
        ("logo.svg", "image/svg+xml"),
    ] {
        let file = registry.file("acme.todos", "1.2.0", path).expect("listed");
        assert_eq!((file.content_type, file.integrity), (content_type, integrity(path)));
        assert_eq!(file.bytes, fs::read(world.dist("todos").join(path)).expect("read"));
    }
}

#[tokio::test]
async fn what_is_not_listed_is_not_found_whatever_the_path() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    fs::write(dist.join("secret.txt"), "secret").expect("written");
    let registry = world.open().await;
    for path in [
        "secret.txt",
        "remote.json",
        "remote.sig.json",
        "",
        ".",
        "..",
        "../dist/index.js",
        "./index.js",
        "/index.js",
        "x/../index.js",
        "index.js/",
        "INDEX.JS",
        "index.js%00",
        "%2e%2e/dist/index.js",
        "..\\dist\\index.js",
    ] {
        assert!(matches!(refusal(&registry, path), FileError::NotListed), "{path}");
    }
    assert!(matches!(registry.file("acme.todos", "1.2.1", "index.js"), Err(FileError::NotListed)));
    assert!(matches!(registry.file("acme.other", "1.2.0", "index.js"), Err(FileError::NotListed)));
    assert!(matches!(registry.file("..", "..", "index.js"), Err(FileError::NotListed)));
}

#[tokio::test]
async fn case_57_a_file_swapped_after_signing_is_refused_and_raises_an_alarm() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let registry = world.open().await;
    for (nth, path) in ["index.js", "chunk.js", "index.css", "logo.svg"].into_iter().enumerate() {
        registry.file("acme.todos", "1.2.0", path).expect("good before");
        fs::write(dist.join(path), "fetch('https://evil.example')").expect("written");
        let FileError::Changed { file, expected, found } = refusal(&registry, path) else { panic!("{path}") };
        assert!(file.ends_with(path));
        assert_eq!(expected, integrity(path));
        assert_ne!(found, expected);
        assert_eq!(registry.file_alarms(), nth as u64 + 1);
    }
}

#[tokio::test]
async fn case_57_the_same_length_does_not_hide_a_swap() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let registry = world.open().await;
    let mut bytes = fs::read(dist.join("index.js")).expect("read");
    bytes[0] ^= 1;
    // A file system's clock may tick slowly; a swap within one tick of a file that was already read is harmless, since
    // the bytes in memory are the verified ones.
    let later = fs::metadata(dist.join("index.js")).and_then(|meta| meta.modified()).expect("a time");
    fs::write(dist.join("index.js"), bytes).expect("written");
    let file = fs::File::options().write(true).open(dist.join("index.js")).expect("open");
    file.set_modified(later + std::time::Duration::from_secs(2)).expect("set");
    assert!(matches!(refusal(&registry, "index.js"), FileError::Changed { .. }));
}

#[tokio::test]
async fn a_file_restored_is_served_again() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let registry = world.open().await;
    let good = fs::read(dist.join("index.js")).expect("read");
    fs::write(dist.join("index.js"), "bad").expect("written");
    assert!(matches!(refusal(&registry, "index.js"), FileError::Changed { .. }));
    fs::write(dist.join("index.js"), good).expect("written");
    registry.file("acme.todos", "1.2.0", "index.js").expect("good again");
}

#[tokio::test]
async fn case_54_a_file_that_differs_at_load_leaves_the_remote_out_with_the_field_named() {
    for (path, field) in [
        ("index.js", "/frontend/integrity"),
        ("chunk.js", "/frontend/files/chunk.js"),
        ("index.css", "/frontend/styles/0/integrity"),
    ] {
        let world = World::new();
        let dist = world.publish("todos", &todos());
        let mut bytes = fs::read(dist.join(path)).expect("read");
        bytes[3] ^= 1;
        fs::write(dist.join(path), bytes).expect("written");
        let registry = world.open().await;
        let problem = only_problem(&registry);
        assert_eq!(problem.field, field);
        assert!(problem.reason.contains(&integrity(path)), "{problem}");
        assert!(matches!(refusal(&registry, path), FileError::NotListed));
    }
}

#[tokio::test]
async fn a_listed_file_that_is_missing_leaves_the_remote_out() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    fs::remove_file(dist.join("logo.svg")).expect("removed");
    let problem = only_problem(&world.open().await);
    assert_eq!(problem.field, "/frontend/files/logo.svg");
}

#[tokio::test]
async fn a_version_that_was_built_over_is_still_served_from_memory() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let registry = world.open().await;
    fs::remove_file(dist.join("chunk.js")).expect("removed");
    registry.file("acme.todos", "1.2.0", "chunk.js").expect("its verified bytes are in memory");
}

#[tokio::test]
async fn a_small_cache_still_serves_everything() {
    let mut world = World::new();
    world.config.file_cache_bytes = 30;
    world.publish("todos", &todos());
    let registry = world.open().await;
    for _ in 0..3 {
        for path in ["index.js", "chunk.js", "index.css", "logo.svg"] {
            registry.file("acme.todos", "1.2.0", path).expect("read again where it was not held");
        }
    }
}

#[tokio::test]
async fn a_frame_that_the_portal_serves_needs_a_hash_too() {
    let world = World::new();
    let mut manifest = todos();
    manifest["frontend"]["format"] = json!("iframe");
    manifest["frontend"].as_object_mut().expect("an object").remove("integrity");
    world.publish("todos", &manifest);
    let registry = world.open().await;
    assert!(ids(&registry).is_empty());
    assert_eq!(only_problem(&registry).field, "/frontend/integrity");
}
