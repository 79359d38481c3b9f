//! One line for each request, whatever it was and however it ended.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::test_app::{Browser, Log, Reply, TestApp, eventually};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn traceparent() -> String {
    format!("00-{TRACE}-00f067aa0ba902b7-01")
}

#[tokio::test]
async fn a_call_leaves_one_line_and_one_decision_with_the_trace_that_the_browser_is_told() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::Response(201, Vec::new(), b"twelve bytes".to_vec()));
    let log = Log::keep();
    let call = bob.get("/bff/acme.todos/todos/7?q=a-secret").header("traceparent", traceparent());
    let answer = call.send().await;
    assert_eq!(answer.expect(201).header("x-trace-id"), TRACE);
    let lines = log.requests();
    let [line] = &lines[..] else { panic!("one line: {lines:#?}") };
    let expected = json!({
        "message": "request", "trace_id": TRACE, "http.method": "GET", "http.route": "/bff/acme.todos/todos/**",
        "url.path": "/bff/acme.todos/todos/7", "http.status": 201, "portico.remote": "acme.todos",
        "outcome": "answered", "attempts": 1, "bytes": 12, "client.address": "127.0.0.1",
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&line[name], value, "{name} of {line:#}");
    }
    let micros = |name: &str| line[name].as_u64().unwrap_or_else(|| panic!("{name} of {line:#}"));
    assert!(micros("upstream_us") > 0 && micros("upstream_us") <= micros("duration_us"));
    let decisions = log.audit("call GET");
    let [decision] = &decisions[..] else { panic!("one decision: {decisions:#?}") };
    assert_eq!(decision["trace_id"], TRACE);
    assert!(!log.text().contains("a-secret"), "a query is in no line");
}

#[tokio::test]
async fn refused_failed_and_ordinary_requests_say_what_became_of_them() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    let last = |what: &str| log.requests().pop().unwrap_or_else(|| panic!("{what} left no line"));
    bob.get("/bff/acme.todos/nothing").send().await.problem(404);
    let line = last("an undeclared call");
    assert_eq!(
        (&line["outcome"], &line["http.route"]),
        (&json!("route-not-declared"), &json!("/bff/acme.todos/{*path}"))
    );
    assert_eq!((&line["attempts"], &line["upstream_us"]), (&json!(0), &json!(0)));
    app.todos.answers(|_| Reply::Hangup);
    let broken = bob.post("/bff/acme.todos/todos").json(&json!({})).send().await;
    assert_eq!(broken.problem_kind(502), "upstream-reset");
    let line = last("a broken call");
    assert_eq!((&line["outcome"], &line["attempts"]), (&json!("upstream-reset"), &json!(1)));
    assert!(
        line["error.message"].as_str().is_some_and(|why| why.contains("closed the connection")),
        "{line:#}"
    );
    bob.get("/").sent_from("none").send().await.page(200);
    let line = last("a page");
    assert_eq!((&line["outcome"], &line["http.route"]), (&json!("ok"), &json!("/{*page}")));
    assert!(line["bytes"].as_u64().is_some_and(|bytes| bytes > 1_000), "{line:#}");
    assert_eq!((&line["portico.remote"], &line["attempts"]), (&Value::Null, &Value::Null));
    bob.get("/api/platform/session").header("x-portico-org", "globex").send().await.problem(409);
    assert_eq!(last("a conflict")["outcome"], "organization-changed");
    assert_eq!(log.requests().len(), 4, "one line each");
}

#[tokio::test]
async fn a_long_answer_is_told_of_when_it_is_over_with_what_was_sent() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::Response(200, Vec::new(), vec![b'x'; 300_000]));
    let log = Log::keep();
    let answer = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(answer.expect(200).body.len(), 300_000);
    eventually("the line is written", || log.requests().len() == 1).await;
    let line = &log.requests()[0];
    assert_eq!((&line["bytes"], &line["outcome"]), (&json!(300_000), &json!("answered")));
}

/// A connection on which this path was asked for.
async fn connected(app: &TestApp, browser: &Browser, path: &str) -> TcpStream {
    let cookie = format!("__Host-portico={}", browser.session().expect("signed in"));
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\r\n",
        app.addr
    );
    let mut connection = TcpStream::connect(app.addr).await.expect("connects");
    connection.write_all(request.as_bytes()).await.expect("is sent");
    connection
}

#[tokio::test]
async fn a_stream_is_told_of_when_it_is_over_with_all_that_was_sent() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    let mut connection = connected(&app, &bob, "/stream").await;
    let mut text = String::new();
    for published in 0..=3 {
        while text.matches("event: echo.request").count() < published || !text.contains("event: ping") {
            let mut bytes = [0; 4096];
            let read = connection.read(&mut bytes).await.expect("the stream is open");
            text += std::str::from_utf8(&bytes[..read]).expect("text");
        }
        let event = json!({ "specversion": "1.0", "source": "@acme/echo", "type": "echo.request", "data": published });
        if published < 3 {
            let sent = bob.post("/events").body("application/cloudevents+json", event.to_string());
            sent.send().await.expect(202);
        }
    }
    drop(connection);
    let (_, body) = text.split_once("\r\n\r\n").expect("a head");
    let lines =
        || log.requests().into_iter().filter(|line| line["url.path"] == "/stream").collect::<Vec<_>>();
    eventually("the line is written", || !lines().is_empty()).await;
    assert_eq!(lines()[0]["bytes"], json!(body.len()), "{text}");
}

#[tokio::test]
async fn a_client_that_leaves_before_its_answer_leaves_a_line() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::After(Duration::from_secs(60), Box::new(Reply::status(200))));
    let log = Log::keep();
    let connection = connected(&app, &bob, "/bff/acme.todos/todos").await;
    eventually("the call reaches the upstream", || !app.todos.seen().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(connection);
    eventually("the line is written", || log.requests().len() == 1).await;
    let line = &log.requests()[0];
    assert_eq!((&line["outcome"], &line["http.status"]), (&json!("client-gone"), &Value::Null));
}
