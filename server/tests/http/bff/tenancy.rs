use crate::test_app::{Log, TestApp};

#[tokio::test]
async fn case_50_a_call_that_names_another_organization_is_refused_or_answered_for_ones_own() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    let named = bob.get("/bff/acme.todos/todos").header("x-org-id", "globex").send().await;
    assert_eq!(named.problem_kind(403), "forbidden");
    assert!(log.denied("call", "acme.todos"), "it is audited: {}", log.text());
    let tab = bob.get("/bff/acme.todos/todos").header("x-portico-org", "globex").send().await;
    assert_eq!(tab.problem_kind(409), "organization-changed");
    assert!(app.todos.seen().is_empty());
    // A path, query or body is the upstream's to read; the token tells it whose data it may touch.
    let body = serde_json::json!({ "org_id": "globex" });
    bob.post("/bff/acme.todos/todos/globex?org_id=globex&orgId=globex").json(&body).send().await.expect(200);
    assert_eq!(app.todos.last().claims()["org_id"], "acme");
    bob.get("/bff/acme.todos/todos")
        .header("x-org-id", "acme")
        .header("x-tenant", "globex")
        .send()
        .await
        .expect(200);
    assert!(!format!("{:?}", app.todos.last()).contains("globex"));
}

#[tokio::test]
async fn case_52_one_url_from_two_organizations_is_answered_apart_and_kept_in_no_shared_cache() {
    let app = TestApp::start().await;
    let (bob, carol) = (app.signed_in("bob").await, app.signed_in("carol").await);
    app.todos.answers(|seen| {
        let org = seen.claims()["org_id"].as_str().unwrap_or_default().to_owned();
        let cache = ("cache-control".to_owned(), "public, max-age=600".to_owned());
        crate::test_app::Reply::Response(200, vec![cache, ("etag".into(), "\"same\"".into())], org.into())
    });
    for _ in 0..3 {
        for (browser, org) in [(&bob, "acme"), (&carol, "globex")] {
            let answer = browser.get("/bff/acme.todos/todos").send().await;
            assert_eq!(answer.text(), org);
            let cache = answer.header("cache-control");
            assert!(cache.contains("private") && !cache.contains("public"), "{cache}");
            assert!(answer.header("vary").to_lowercase().contains("cookie"), "{}", answer.header("vary"));
        }
    }
}
