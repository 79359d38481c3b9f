use serde_json::{Value, json};

use crate::test_app::{TODOS_AUDIENCE, TestApp, remote_manifest, write_remote};

fn ids(applications: &Value) -> Vec<&str> {
    let list = applications.as_array().expect("a list");
    list.iter().filter_map(|application| application["id"].as_str()).collect()
}

#[tokio::test]
async fn it_lists_what_the_session_may_load_resolved_to_versions() {
    let app = TestApp::start().await;
    let answer = app.signed_in("bob").await.get("/api/platform/applications").send().await;
    let applications = answer.expect(200).json();
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(ids(&applications), ["acme.echo", "acme.insights", "acme.todos"]);
    let todos = &applications[2];
    assert_eq!(todos["name"], "@acme/todos");
    assert_eq!(todos["version"], "1.2.0");
    assert_eq!(todos["entry"], "/remotes/acme.todos/1.2.0/index.js");
    assert!(todos["integrity"].as_str().is_some_and(|hash| hash.starts_with("sha384-")));
    assert!(todos["modules"]["/remotes/acme.todos/1.2.0/chunk.js"].is_string());
    assert_eq!(todos["routes"][0]["path"], "/todos");
    assert_eq!(todos["cards"][0]["slot"], "home:right");
    assert_eq!((&todos["tokenMode"], &applications[1]["tokenMode"]), (&json!(false), &json!(true)));
    assert!(
        !answer.text().contains(TODOS_AUDIENCE) && !answer.text().contains(&app.todos.url()),
        "back ends are not the browser's business"
    );
}

#[tokio::test]
async fn an_admin_gets_what_only_admins_may_open_and_publish() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await.get("/api/platform/applications").send().await.json();
    assert_eq!(ids(&alice), ["acme.echo", "acme.insights", "acme.org-admin", "acme.todos"]);
    assert_eq!(alice[0]["publishes"], json!([{ "type": "echo.request" }, { "type": "admin.notice" }]));
    let bob = app.signed_in("bob").await.get("/api/platform/applications").send().await.json();
    assert_eq!(bob[0]["publishes"], json!([{ "type": "echo.request" }]));
    assert_eq!(bob[0]["subscribes"], json!([{ "type": "echo.request" }]));
}

/// Adds a remote after the start and reloads; the answer is what the registry says of it.
async fn add(app: &TestApp, folder: &str, manifest: &Value) -> Vec<String> {
    write_remote(&app.remote_dir(folder), manifest);
    let report = app.state.registry.reload().await;
    let of_this = report.problems.iter().filter(|problem| problem.file.contains(folder));
    of_this.map(|problem| format!("{}: {}", problem.field, problem.reason)).collect()
}

#[tokio::test]
async fn case_35_a_manifest_that_asks_for_more_than_its_grant_is_left_out_with_the_field_named() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    let sent = app.outbound.sent().len();
    let backend = |changes: Value| {
        let mut backend = json!({ "url": app.todos.url(), "audience": TODOS_AUDIENCE, "routes": [] });
        backend.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        ("backend", backend)
    };
    let wishes = [
        ("/backend/audience", backend(json!({}))),
        ("/backend/url", backend(json!({ "url": "http://127.0.0.1:1" }))),
        ("/backend/tokenMode", backend(json!({ "tokenMode": true }))),
        ("/backend/scopes", backend(json!({ "scopes": ["todos.read"] }))),
        (
            "/events/publish",
            ("events", json!({ "publish": [{ "type": "echo.request", "topic": "echo.loop" }] })),
        ),
        ("/security/csp", ("security", json!({ "csp": { "connect-src": ["https://evil.test"] } }))),
    ];
    for (n, (field, (member, wish))) in wishes.into_iter().enumerate() {
        let (id, path) = (format!("thief-{n}"), format!("/thief-{n}"));
        let mut manifest = remote_manifest(&format!("@acme/{id}"), "Thief", &path, "todos.read");
        manifest[member] = wish;
        let problems = add(&app, &id, &manifest).await;
        assert!(problems.iter().any(|problem| problem.starts_with(field)), "{field}: {problems:?}");
        assert!(!alice.get("/api/platform/applications").send().await.text().contains("thief"));
        alice.get(&format!("/bff/acme.{id}/todos")).send().await.problem(404);
        alice.post(&format!("/api/platform/remotes/acme.{id}/token")).send().await.problem(404);
        alice.get(&path).sent_from("none").send().await.page(404);
    }
    assert_eq!(app.outbound.sent().len(), sent, "the provider was not asked");
    let home = alice.get("/").sent_from("none").send().await;
    assert!(home.text().contains("thief"), "an admin sees which remote was left out");
    let bob = app.signed_in("bob").await.get("/").sent_from("none").send().await;
    assert!(!bob.text().contains("thief"), "others do not");
}

#[tokio::test]
async fn case_54_what_was_changed_after_signing_is_not_loaded_and_the_last_good_one_is_served() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    let dist = app.remote_dir("todos").join("dist");
    let good = std::fs::read(dist.join("remote.json")).expect("the manifest");
    let signature =
        std::fs::read_dir(&dist).expect("the directory").filter_map(Result::ok).map(|entry| entry.path());
    let signature = signature
        .into_iter()
        .find(|path| path.to_string_lossy().ends_with(".sig.json"))
        .expect("it was signed");
    let signed = std::fs::read_to_string(&signature).expect("the signature");
    let changed = String::from_utf8_lossy(&good).replace("\"Todos\"", "\"Tod0s\"");
    let other_key = signed.replace("\"development-", "\"development-0");
    let broken = signed.replace("\"signature\": \"", "\"signature\": \"A");
    for (what, manifest, signature_text) in [
        ("the manifest", changed.as_bytes(), signed.as_str()),
        ("the key id", good.as_slice(), other_key.as_str()),
        ("the signature", good.as_slice(), broken.as_str()),
    ] {
        std::fs::write(dist.join("remote.json"), manifest).expect("writable");
        std::fs::write(&signature, signature_text).expect("writable");
        let report = app.state.registry.reload().await;
        let told = report
            .problems
            .iter()
            .find(|problem| problem.file.contains("todos"))
            .unwrap_or_else(|| panic!("{what}: no alarm"));
        assert!(told.last_good_kept, "{what}: {told:?}");
        let list = alice.get("/api/platform/applications").send().await;
        assert!(list.text().contains("Todos") && !list.text().contains("Tod0s"), "{what}");
        alice.get("/remotes/acme.todos/1.2.0/index.js").send().await.expect(200);
        std::fs::write(dist.join("remote.json"), &good).expect("writable");
        std::fs::write(&signature, &signed).expect("writable");
    }
    assert!(app.state.registry.reload().await.problems.is_empty());
}

#[tokio::test]
async fn case_54_in_production_an_unsigned_remote_is_not_loaded() {
    let app = TestApp::production().await;
    let problems = app.state.registry.snapshot().problems().to_vec();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(app.state.registry.snapshot().remotes().is_empty());
    app.browser().get("/remotes/acme.todos/1.2.0/index.js").send().await.problem(404);
}
