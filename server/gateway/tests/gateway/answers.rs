use std::time::Duration;

use crate::world::{Reply, Upstream, World, answer, request};

#[tokio::test]
async fn case_48_what_an_upstream_says_to_the_browser_about_the_origin_does_not_pass() {
    let fields = [
        "set-cookie: __Host-portico=stolen; Path=/; Secure",
        "set-cookie: other=1; Domain=example",
        "access-control-allow-origin: *",
        "access-control-allow-credentials: true",
        "content-security-policy: default-src *",
        "content-security-policy-report-only: default-src *",
        "cross-origin-opener-policy: unsafe-none",
        "x-frame-options: ALLOWALL",
        "strict-transport-security: max-age=0",
        "clear-site-data: \"*\"",
        "service-worker-allowed: /",
        "server: nginx/1.0",
        "x-powered-by: PHP/5",
        "alt-svc: h3=\":443\"",
        "refresh: 0;url=https://evil.example",
        "www-authenticate: Basic realm=\"x\"",
        "x-accel-redirect: /etc/passwd",
        "connection: x-hop",
        "x-hop: 1",
        "keep-alive: timeout=5",
        "x-total-count: 3",
        "etag: \"7\"",
        "content-type: application/json",
    ];
    let upstream = Upstream::start(vec![answer("200 OK", &fields, "[]")]).await;
    let seen = World::before(&upstream).call("GET", "/bff/acme.todos/todos").await;
    let response = seen.response();
    let mut names: Vec<&str> = response.headers().keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cache-control", "content-length", "content-type", "etag", "x-total-count"]);
    assert_eq!(response.body(), "[]");
}

#[tokio::test]
async fn a_personal_answer_is_never_reused_for_another_session_without_asking() {
    for (said, expected) in [
        ("cache-control: public, max-age=600, s-maxage=600", "private, no-cache"),
        ("cache-control: no-store", "private, no-store"),
        ("expires: Thu, 01 Dec 2033 16:00:00 GMT", "private, no-cache"),
    ] {
        let upstream = Upstream::start(vec![answer("200 OK", &[said], "[]")]).await;
        let seen = World::before(&upstream).call("GET", "/bff/acme.todos/todos").await;
        assert_eq!(seen.response().headers()["cache-control"], expected, "{said}");
        assert!(!seen.response().headers().contains_key("expires"));
    }
    let upstream =
        Upstream::start(vec![answer("200 OK", &["cache-control: public, max-age=600"], "[]")]).await;
    let seen = World::before(&upstream).call("GET", "/bff/acme.todos/public/x").await;
    assert_eq!(seen.response().headers()["cache-control"], "public, max-age=600", "public is public");
}

#[tokio::test]
async fn statuses_pass_as_they_are() {
    for status in
        ["201 Created", "204 No Content", "304 Not Modified", "403 Forbidden", "404 Not Found", "500 Oops"]
    {
        let fields: &[&str] = if status.starts_with("304") { &["etag: \"7\""] } else { &[] };
        let upstream = Upstream::start(vec![answer(status, fields, "")]).await;
        let seen = World::before(&upstream).call("GET", "/bff/acme.todos/todos").await;
        assert_eq!(seen.status().to_string(), status[..3]);
    }
}

#[tokio::test]
async fn what_is_no_answer_is_502() {
    let huge = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-flood: 1\r\n".repeat(5000));
    for bytes in [
        "nonsense\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        huge.as_str(),
    ] {
        let upstream = Upstream::start(vec![Reply::Bytes(bytes.to_owned())]).await;
        let seen = World::before(&upstream).call("GET", "/bff/acme.todos/todos").await;
        assert_eq!(seen.status(), 502, "{seen:?}");
    }
}

#[tokio::test]
async fn an_upstream_that_hangs_is_504_in_the_declared_time() {
    let upstream = Upstream::start(vec![Reply::Hang]).await;
    let begin = std::time::Instant::now();
    let seen = World::before(&upstream).call("GET", "/bff/acme.todos/todos").await;
    assert_eq!((seen.status(), seen.problem()), (504, "upstream-timeout"));
    assert!(begin.elapsed() < Duration::from_millis(2500), "{:?}", begin.elapsed());
    assert_eq!(upstream.arrived().len(), 1, "a timeout is not tried again");
}

#[tokio::test]
async fn head_has_no_body_and_keeps_its_length() {
    let upstream =
        Upstream::start(vec![Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n".to_owned())]).await;
    let world = World::before(&upstream);
    for _ in 0..2 {
        let seen = world.send(request("HEAD", "/bff/acme.todos/todos", &[])).await;
        assert_eq!(seen.response().headers()["content-length"], "4");
        assert!(seen.response().body().is_empty());
    }
    assert!(upstream.arrived().iter().all(|arrived| arrived.connection == 0), "the connection was kept");
}
