use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::test_app::{Log, Reply, TODOS_AUDIENCE, TestApp};

#[tokio::test]
async fn a_declared_call_reaches_the_upstream_as_it_was_made_with_a_token_for_it_alone() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| {
        Reply::Response(
            201,
            vec![("content-type".into(), "application/json".into()), ("etag".into(), "\"1\"".into())],
            b"{\"id\":7}".to_vec(),
        )
    });
    let request = bob
        .post("/bff/acme.todos/todos/a%20b?q=%2F&q=b")
        .header("if-match", "\"0\"")
        .json(&json!({ "title": "Milk" }));
    let answer = request.send().await;
    assert_eq!(answer.expect(201).json(), json!({ "id": 7 }));
    assert_eq!(answer.header("etag"), "\"1\"");
    let seen = app.todos.last();
    assert_eq!(seen.line, "POST /todos/a%20b?q=%2F&q=b HTTP/1.1");
    assert_eq!((seen.header("content-type"), seen.header("if-match")), ("application/json", "\"0\""));
    assert_eq!(seen.body, b"{\"title\":\"Milk\"}");
    let claims = seen.claims();
    assert_eq!(
        (&claims["aud"], &claims["sub"], &claims["org_id"]),
        (&json!(TODOS_AUDIENCE), &json!("demo|bob"), &json!("acme"))
    );
    assert_eq!(claims["scope"], "todos.read todos.write");
}

#[tokio::test]
async fn only_declared_calls_by_people_who_may_make_them_leave_the_portal() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let log = Log::keep();
    assert_eq!(bob.get("/bff/acme.todos/nothing").send().await.problem_kind(404), "route-not-declared");
    let method = bob.request(Method::DELETE, "/bff/acme.todos/plain").send().await;
    assert_eq!(method.problem_kind(405), "method-not-declared");
    assert_eq!(method.header("allow"), "GET, HEAD, POST");
    assert_eq!(bob.get("/bff/acme.todos/admin/users").send().await.problem_kind(403), "forbidden");
    bob.get("/bff/acme.org-admin/members").send().await.problem(404);
    bob.get("/bff/acme.no-such/todos").send().await.problem(404);
    bob.get("/bff/acme.echo/anything").send().await.problem(404);
    assert!(app.todos.seen().is_empty());
    alice.get("/bff/acme.todos/admin/users").send().await.expect(200);
    alice.get("/bff/acme.org-admin/members").send().await.expect(200);
    assert!(log.denied("call GET", "/admin/users") && log.denied("call", "acme.org-admin"), "{}", log.text());
    let allowed = log.audit("call GET").into_iter().filter(|line| line["audit.decision"] == "allow").count();
    assert_eq!(allowed, 2, "every decision is audited");
}

#[tokio::test]
async fn methods_and_large_bodies_pass_both_ways() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let large = vec![b'x'; 3 * 1024 * 1024];
    let back = large.clone();
    app.todos.answers(move |seen| match seen.line.starts_with("HEAD") {
        true => Reply::status(200),
        false => Reply::Response(
            200,
            vec![("content-type".into(), "application/octet-stream".into())],
            back.clone(),
        ),
    });
    let answer = bob
        .request(Method::PUT, "/bff/acme.todos/todos/7")
        .body("application/octet-stream", large.clone())
        .send()
        .await;
    assert_eq!(answer.expect(200).body.len(), large.len());
    assert_eq!(app.todos.last().body.len(), large.len());
    bob.request(Method::DELETE, "/bff/acme.todos/todos/7").send().await.expect(200);
    bob.request(Method::HEAD, "/bff/acme.todos/todos").send().await.expect(200);
}

#[tokio::test]
async fn an_upstreams_own_error_passes_as_it_is() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    for status in [400, 403, 404, 409, 422, 500, 503] {
        app.todos.answers(move |_| {
            Reply::Response(
                status,
                vec![("content-type".into(), "text/plain".into())],
                b"the upstream's words".to_vec(),
            )
        });
        let answer = bob.post("/bff/acme.todos/todos").json(&json!({})).send().await;
        assert_eq!(answer.expect(status).text(), "the upstream's words");
    }
}

#[tokio::test]
async fn case_49_a_call_that_is_not_idempotent_is_never_sent_twice() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    app.todos.answers(|_| Reply::Hangup);
    let before = app.todos.seen().len();
    let answer = bob.post("/bff/acme.todos/todos").json(&json!({})).send().await;
    answer.problem(502);
    assert_eq!(app.todos.seen().len() - before, 1);
    bob.get("/bff/acme.todos/todos").send().await.problem(502);
    assert!(app.todos.seen().len() - before >= 3, "a read was tried again");
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_in_time_is_504() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::After(Duration::from_secs(5), Box::new(Reply::status(200))));
    let started = tokio::time::Instant::now();
    let answer = bob.post("/bff/acme.todos/todos").json(&json!({})).send().await;
    assert_eq!(answer.problem_kind(504), "upstream-timeout");
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn case_47_a_request_to_switch_protocols_is_not_forwarded() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let answer = bob
        .get("/bff/acme.todos/todos")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .send()
        .await;
    assert_eq!(answer.problem_kind(501), "upgrade-refused");
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn one_session_may_not_use_up_a_remotes_upstream() {
    let app = TestApp::configured(|config| config.limits.remote_per_minute = 5).await;
    let bob = app.signed_in("bob").await;
    for _ in 0..5 {
        bob.get("/bff/acme.todos/todos").send().await.expect(200);
    }
    bob.get("/bff/acme.todos/todos").send().await.problem(429);
    bob.get("/bff/acme.insights/anything").send().await.expect(200);
    app.signed_in("alice").await.get("/bff/acme.todos/todos").send().await.expect(200);
}
