//! Calls that are held against a description, answered from what is kept, or made of several.

use std::time::Duration;

use serde_json::{Value, json};

use crate::test_app::{Log, Reply, TestApp, integrity};

const DOCUMENT: &str = "
openapi: 3.1.0
paths:
  /todos:
    get: { parameters: [{ name: limit, in: query, schema: { type: integer } }] }
    post: { requestBody: { content: { application/json: { schema: { required: [title] } } } } }
  /todos/{id}:
    get: {}
  /admin/{id}:
    get: {}
";

/// A portal whose to-dos have a description, kept answers and a view.
async fn portal() -> TestApp {
    TestApp::configured(|config| {
        let dist = config.registry.directories[0].join("todos/dist");
        let file = dist.join("remote.json");
        let read = std::fs::read(&file).expect("the manifest can be read");
        let mut manifest: Value = serde_json::from_slice(&read).expect("a manifest is JSON");
        std::fs::write(dist.join("openapi.yaml"), DOCUMENT).expect("the document can be written");
        manifest["openapi"] = json!("openapi.yaml");
        manifest["frontend"]["files"]["openapi.yaml"] = json!(integrity(DOCUMENT));
        manifest["backend"]["routes"] = json!([
            { "methods": ["GET"], "path": "/todos/**", "permissions": ["todos.read"], "cache": { "maxAgeSeconds": 60 } },
            { "methods": ["POST"], "path": "/todos", "permissions": ["todos.write"] },
            { "methods": ["GET"], "path": "/admin/**", "permissions": ["org.admin"] },
        ]);
        manifest["backend"]["views"] = json!([{ "path": "/overview/{id}", "permissions": ["todos.read"], "legs": [
            { "name": "list", "path": "/todos", "required": true },
            { "name": "one", "path": "/todos/{id}" },
            { "name": "admin", "path": "/admin/{id}" },
        ] }, { "path": "/slowly/{id}", "permissions": ["todos.read"], "timeoutMs": 700, "legs": [
            { "name": "list", "path": "/todos" }, { "name": "one", "path": "/todos/{id}" },
        ] }]);
        std::fs::write(&file, manifest.to_string()).expect("the manifest can be written");
    })
    .await
}

#[tokio::test]
async fn a_call_that_does_not_fit_the_description_is_told_which_field() {
    let app = portal().await;
    let bob = app.signed_in("bob").await;
    let query = bob.get("/bff/acme.todos/todos?limit=s3cret").send().await;
    assert_eq!(query.problem_kind(400), "invalid-request");
    assert!(!query.json()["errors"].to_string().contains("s3cret"), "{}", query.text());
    let errors = query.json()["errors"].clone();
    assert_eq!((&errors[0]["in"], &errors[0]["pointer"]), (&json!("query"), &json!("#/limit")));
    let body = bob.post("/bff/acme.todos/todos").json(&json!({ "titel": "s3cret" })).send().await;
    assert_eq!(body.problem_kind(422), "invalid-request");
    assert_eq!(
        body.json()["errors"],
        json!([{ "in": "body", "pointer": "#/title", "detail": "is missing" }])
    );
    assert!(!body.text().contains("s3cret"));
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn case_52_kept_answers_stay_with_organization_permissions_and_person() {
    let app = portal().await;
    app.todos.answers(|seen| {
        let claims = seen.claims();
        let who =
            format!("{} {}", claims["org_id"].as_str().unwrap_or("-"), claims["sub"].as_str().unwrap_or("-"));
        Reply::Response(200, vec![("etag".into(), "\"same\"".into())], who.into())
    });
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol"] {
        people.push(app.signed_in(name).await);
    }
    let mut first = Vec::new();
    for round in 0..3 {
        for (number, person) in people.iter().enumerate() {
            let answer = person.get("/bff/acme.todos/todos").send().await;
            if round == 0 {
                first.push(answer.text().to_owned());
            }
            assert_eq!(answer.text(), first[number], "everyone gets their own answer again");
            assert_eq!(answer.header("cache-control"), "private, no-cache");
        }
    }
    let told: std::collections::HashSet<_> = first.iter().collect();
    assert_eq!((told.len(), app.todos.seen().len()), (3, 3), "{first:?}");
    let again = people[1].get("/bff/acme.todos/todos").header("if-none-match", "\"same\"").send().await;
    assert_eq!(again.status, 304);
    assert_eq!(app.todos.seen().len(), 3);
}

#[tokio::test]
async fn a_view_answers_in_one_and_each_of_its_calls_is_decided_and_recorded() {
    let app = portal().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|seen| {
        let body = json!({ "target": seen.target() }).to_string();
        Reply::Response(200, vec![("content-type".into(), "application/json".into())], body.into())
    });
    let log = Log::keep();
    let answer = bob.get("/bff/acme.todos/overview/7").send().await;
    let body: Value = answer.json();
    assert_eq!(body["complete"], false);
    assert_eq!(body["legs"]["list"]["body"], json!({ "target": "/todos" }));
    assert_eq!(body["legs"]["one"]["body"], json!({ "target": "/todos/7" }));
    assert_eq!(body["legs"]["admin"]["problem"]["type"], "/problems/forbidden");
    assert_eq!(app.todos.seen().len(), 2, "what is forbidden never goes out");
    assert!(log.denied("call GET", "/admin/7"), "it is audited: {}", log.text());
    for path in ["/overview/7", "/todos/7"] {
        assert!(log.text().contains(&format!("/bff/acme.todos{path}")), "{path} is audited: {}", log.text());
    }
}

#[tokio::test]
async fn a_call_of_a_view_that_is_given_up_is_audited_like_every_other() {
    let app = portal().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|seen| {
        let json = || vec![("content-type".into(), "application/json".into())];
        let answer = Reply::Response(200, json(), b"{}".to_vec());
        match seen.target() {
            "/todos/7" => Reply::After(Duration::from_secs(20), Box::new(answer)),
            _ => answer,
        }
    });
    let log = Log::keep();
    let answer = bob.get("/bff/acme.todos/slowly/7").send().await;
    let body: Value = answer.expect(200).json();
    assert_eq!(body["legs"]["list"]["status"], 200);
    assert_eq!(body["legs"]["one"]["problem"]["type"], "/problems/upstream-timeout");
    let targets: Vec<_> = app.todos.seen().iter().map(|seen| seen.target().to_owned()).collect();
    assert!(targets.contains(&"/todos/7".to_owned()), "it had gone out: {targets:?}");
    let audited = log.audit("call GET");
    for path in ["/slowly/7", "/todos", "/todos/7"] {
        let names = |line: &&Value| {
            let resource = line["audit.resource"].as_str().unwrap_or_default();
            resource.ends_with(&format!(" /bff/acme.todos{path}"))
        };
        let lines: Vec<_> = audited.iter().filter(names).collect();
        assert_eq!(lines.len(), 1, "{path} is audited once: {audited:?}");
        assert_eq!(lines[0]["audit.decision"], "allow");
    }
}
