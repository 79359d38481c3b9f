use std::fs;

use crate::test_app::{TestApp, integrity};

#[tokio::test]
async fn a_remotes_files_are_served_with_their_type_and_kept_for_good() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for (file, media_type) in [
        ("index.js", "text/javascript"),
        ("chunk.js", "text/javascript"),
        ("index.css", "text/css"),
        ("logo.svg", "image/svg+xml"),
        ("engine.wasm", "application/wasm"),
    ] {
        let answer = browser.get(&format!("/remotes/acme.todos/1.2.0/{file}")).send().await;
        answer.expect(200);
        assert!(
            answer.header("content-type").starts_with(media_type),
            "{file}: {}",
            answer.header("content-type")
        );
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        let disk = fs::read(app.remote_dir("todos").join("dist").join(file)).expect("the file");
        assert_eq!(answer.body, disk);
        answer.assert_security_headers();
    }
    let fresh = browser.get("/remotes/acme.todos/1.2.0/index.js?retry=2").send().await;
    fresh.expect(200);
}

#[tokio::test]
async fn only_listed_files_of_loaded_versions_are_served() {
    let app = TestApp::start().await;
    fs::write(app.remote_dir("todos").join("dist/secret.js"), "1").expect("writable");
    for path in [
        "acme.todos/1.2.0/remote.json",
        "acme.todos/1.2.0/secret.js",
        "acme.todos/9.9.9/index.js",
        "acme.nothing/1.2.0/index.js",
        "acme.todos/1.2.0/..%2fremote.json",
        "acme.todos/1.2.0/%2e%2e/%2e%2e/%2e%2e/data/portico.db",
        "acme.todos/1.2.0//index.js",
        "acme.todos/1.2.0/index.js%00",
        "acme.todos/1.2.0/INDEX.JS",
        "acme.todos/1.2.0/./index.js",
        "ACME.todos/1.2.0/index.js",
    ] {
        let answer =
            app.raw(format!("GET /remotes/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(answer.problem_kind(404), "not-found", "{path}");
    }
    app.browser().post("/remotes/acme.todos/1.2.0/index.js").send().await.problem(405);
}

#[tokio::test]
async fn case_57_a_file_that_was_swapped_after_signing_never_leaves_the_portal() {
    let app = TestApp::start().await;
    for file in ["index.js", "chunk.js", "index.css", "engine.wasm"] {
        let path = app.remote_dir("todos").join("dist").join(file);
        let good = fs::read(&path).expect("the file");
        let mut evil = good.clone();
        *evil.last_mut().expect("not empty") ^= 1;
        fs::write(&path, &evil).expect("writable");
        let answer = app.browser().get(&format!("/remotes/acme.todos/1.2.0/{file}")).send().await;
        assert_eq!(answer.problem_kind(502), "integrity", "{file}");
        assert_ne!(integrity(&answer.body), integrity(&evil));
        fs::write(&path, &good).expect("writable");
        app.browser().get(&format!("/remotes/acme.todos/1.2.0/{file}")).send().await.expect(200);
    }
}

#[tokio::test]
async fn a_file_that_disappeared_is_503_until_it_is_back() {
    // With a cache, a file that was verified once is served from memory.
    let app = TestApp::configured(|config| config.registry.file_cache_bytes = 0).await;
    let path = app.remote_dir("insights").join("dist/index.js");
    let good = fs::read(&path).expect("the file");
    fs::remove_file(&path).expect("removable");
    app.browser().get("/remotes/acme.insights/1.2.0/index.js").send().await.problem(503);
    fs::write(&path, good).expect("writable");
    app.browser().get("/remotes/acme.insights/1.2.0/index.js").send().await.expect(200);
}
