//! What a client may send, how much and how often, on every URL.

use std::time::Duration;

use portico_dev_idp::{Endpoint, Failure};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::test_app::{Answer, Reply, TestApp, break_session_store, eventually};

#[tokio::test]
async fn case_64_every_status_that_a_request_can_get_carries_the_security_headers() {
    let app = TestApp::configured(|config| {
        config.limits.remote_per_minute = 30;
        config.limits.anonymous_per_minute = 200;
    })
    .await;
    let (bob, nobody) = (app.signed_in("bob").await, app.browser());
    app.dev_idp().fail_next(Endpoint::Token, Failure::Status(503));
    let bad_gateway = bob.get("/bff/acme.todos/todos").send().await;
    app.todos.answers(|_| Reply::After(Duration::from_secs(4), Box::new(Reply::status(200))));
    let timeout = bob.post("/bff/acme.todos/todos").send().await;
    app.todos.answers(|_| Reply::headers(304, &[("etag", "\"1\""), ("x-frame-options", "ALLOW")]));
    let too_large = vec![b'x'; 600 * 1024];
    let mut answers = vec![
        (200, nobody.get("/").sent_from("none").send().await),
        (200, nobody.get("/healthz").send().await),
        (200, nobody.get("/pkg/portico.0a1b.css").send().await),
        (200, nobody.get("/remotes/acme.todos/1.2.0/index.js").send().await),
        (204, nobody.post("/api/platform/reports").json(&json!([])).send().await),
        (303, nobody.get("/auth/login").sent_from("none").send().await),
        (304, bob.get("/bff/acme.todos/todos").send().await),
        (400, nobody.get("/auth/callback").sent_from("none").send().await),
        (400, bob.get("/bff/acme.todos/todos/%2e%2e").send().await),
        (401, nobody.get("/api/platform/session").send().await),
        (401, nobody.get("/todos").sent_from("none").send().await),
        (403, nobody.post("/auth/logout").sent_from("cross-site").send().await),
        (403, bob.get("/org-admin").sent_from("none").send().await),
        (404, nobody.get("/api/nothing").send().await),
        (404, bob.get("/nothing").sent_from("none").send().await),
        (404, nobody.get("/pkg/nothing.js").send().await),
        (405, nobody.request(http::Method::DELETE, "/api/platform/session").send().await),
        (405, nobody.get("/auth/logout").send().await),
        (409, bob.get("/api/platform/session").header("x-portico-org", "globex").send().await),
        (413, bob.post("/events").body("application/cloudevents+json", too_large).send().await),
        (414, nobody.get(&format!("/{}", "x".repeat(9 * 1024))).send().await),
        (415, bob.post("/events").body("text/plain", "x").send().await),
        (502, bad_gateway),
        (504, timeout),
    ];
    let mut flood = bob.get("/bff/acme.todos/todos").send().await;
    for _ in 0..40 {
        flood = bob.get("/bff/acme.todos/todos").send().await;
    }
    answers.push((429, flood));
    break_session_store(&app).await;
    nobody.plant("__Host-portico", "ABEiM0RVZneImaq7zN3u_w");
    answers.push((503, nobody.get("/api/platform/session").send().await));
    answers.push((503, nobody.get("/").sent_from("none").send().await));
    for (status, answer) in answers {
        answer.expect(status);
        answer.assert_security_headers();
    }
}

#[tokio::test]
async fn case_72_oversized_requests_end_with_413_414_or_431() {
    let app = TestApp::configured(|config| config.limits.proxy_body_bytes = 1024 * 1024).await;
    let bob = app.signed_in("bob").await;
    let cookie = format!("Cookie: __Host-portico={}\r\nX-CSRF: 1", bob.session().expect("an id"));
    let host = app.addr;
    let uri = app
        .raw(format!("GET /{} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", "x".repeat(64 * 1024)))
        .await;
    assert!(matches!(uri.status.as_u16(), 414 | 431), "{}", uri.status);
    let headers: String = (0..10_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = app.raw(format!("GET / HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n")).await;
    assert_eq!(many.status.as_u16(), 431);
    let declared = app.raw(format!("POST /events HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nContent-Type: application/cloudevents+json\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n")).await;
    assert_eq!(declared.problem_kind(413), "too-large");
    let proxied = app.raw(format!("POST /bff/acme.todos/todos HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n")).await;
    assert_eq!(proxied.problem_kind(413), "too-large");
    for path in
        ["/events", "/api/platform/rum", "/api/platform/reports", "/api/fn/session", "/bff/acme.todos/todos"]
    {
        let media_type = if path == "/events" { "application/cloudevents+json" } else { "application/json" };
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        );
        let answer = endless_chunks(&app, &head).await;
        assert_eq!(answer.status.as_u16(), 413, "{path}");
    }
    assert!(app.todos.seen().is_empty(), "no whole request reached the upstream");
}

/// Sends chunks until the server answers.
async fn endless_chunks(app: &TestApp, head: &str) -> Answer {
    let mut socket = TcpStream::connect(app.addr).await.expect("the portal listens");
    socket.write_all(head.as_bytes()).await.expect("it reads");
    let chunk = [b"10000\r\n".as_slice(), &[b'['; 0x10000], b"\r\n"].concat();
    let mut received = Vec::new();
    for _ in 0..2000 {
        // One that has answered may close, and the rest then breaks off.
        let sent = tokio::time::timeout(Duration::from_secs(5), socket.write_all(&chunk)).await;
        let heard = tokio::time::timeout(Duration::from_millis(5), socket.read_buf(&mut received)).await;
        if heard.is_ok() || !matches!(sent, Ok(Ok(()))) {
            break;
        }
    }
    let _ = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut received)).await;
    assert!(!received.is_empty(), "no answer to {head:.60}");
    crate::test_app::parse_response(&received)
}

#[tokio::test]
async fn case_72_a_compressed_body_is_not_inflated() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    // The first bytes of a gzip member; whatever it would inflate to, nobody here does.
    let bomb = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3].repeat(1000);
    for (path, media_type) in [
        ("/events", "application/cloudevents+json"),
        ("/api/platform/rum", "application/json"),
        ("/api/platform/reports", "application/json"),
        ("/api/fn/session", "application/json"),
    ] {
        let answer =
            bob.post(path).header("content-encoding", "gzip").body(media_type, bomb.clone()).send().await;
        assert!(matches!(answer.status.as_u16(), 400 | 415), "{path}: {}", answer.status);
    }
    bob.post("/bff/acme.todos/todos")
        .header("content-encoding", "gzip")
        .body("application/json", bomb.clone())
        .send()
        .await
        .expect(200);
    assert_eq!(app.todos.last().body, bomb, "the proxy hands it on as it is");
}

#[tokio::test]
async fn case_71_a_client_that_never_finishes_its_head_or_pauses_in_its_body_is_cut() {
    let app = TestApp::configured(|config| {
        config.limits.head_timeout_ms = 300;
        config.limits.body_timeout_ms = 300;
    })
    .await;
    let bob = app.signed_in("bob").await;
    let cookie = format!("Cookie: __Host-portico={}\r\nX-CSRF: 1", bob.session().expect("an id"));
    for beginning in [
        "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_owned(),
        format!(
            "POST /api/platform/rum HTTP/1.1\r\nHost: x\r\n{cookie}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n["
        ),
        format!("POST /bff/acme.todos/todos HTTP/1.1\r\nHost: x\r\n{cookie}\r\nContent-Length: 100\r\n\r\n["),
    ] {
        let mut socket = TcpStream::connect(app.addr).await.expect("the portal listens");
        socket.write_all(beginning.as_bytes()).await.expect("it reads");
        let mut received = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut received)).await;
        assert!(closed.is_ok(), "still open: {beginning:.40}");
        let text = String::from_utf8_lossy(&received);
        assert!(!text.starts_with("HTTP/1.1 2") && !text.starts_with("HTTP/1.1 5"), "{text:.60}");
    }
}

/// How long the portal keeps a connection open on which a client sends this and no more.
async fn open_for(addr: std::net::SocketAddr, sent: &[u8]) -> Duration {
    let mut socket = TcpStream::connect(addr).await.expect("the portal listens");
    socket.write_all(sent).await.expect("it reads");
    let begun = std::time::Instant::now();
    let mut received = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(8), socket.read_to_end(&mut received)).await;
    assert!(closed.is_ok(), "still open after {:?}", String::from_utf8_lossy(sent));
    begun.elapsed()
}

/// The preface and an empty SETTINGS frame (RFC 9113, section 3.4).
const HTTP2_BEGINNING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn case_71_a_client_that_says_nothing_or_half_of_what_begins_a_connection_is_cut() {
    let app = TestApp::configured(|config| {
        config.limits.head_timeout_ms = 300;
        config.limits.idle_timeout_ms = 300;
    })
    .await;
    let settings_of_half = &HTTP2_BEGINNING[..HTTP2_BEGINNING.len() - 4];
    let half_a_head = [HTTP2_BEGINNING, b"\0\0\x20\x01\x04\0\0\0\x01\x82"].concat();
    for sent in [b"".as_slice(), b"P", b"PRI * HTTP/2.0\r\n", settings_of_half, &half_a_head, HTTP2_BEGINNING]
    {
        let open = open_for(app.addr, sent).await;
        assert!(open < Duration::from_secs(4), "{open:?} for {:?}", String::from_utf8_lossy(sent));
    }
}

#[tokio::test]
async fn case_71_a_connection_that_is_kept_and_not_used_ends() {
    let app = TestApp::configured(|config| {
        config.limits.head_timeout_ms = 300;
        config.limits.idle_timeout_ms = 300;
    })
    .await;
    let open = open_for(app.addr, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(open < Duration::from_secs(4), "{open:?}");
    let socket = TcpStream::connect(app.addr).await.expect("the portal listens");
    let io = hyper_util::rt::TokioIo::new(socket);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.expect("HTTP/2");
    let ended = tokio::spawn(connection);
    let request = http::Request::get(format!("{}/healthz", app.origin));
    let request = request.body(http_body_util::Empty::<bytes::Bytes>::new()).expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    drop(answer);
    let ended = tokio::time::timeout(Duration::from_secs(5), ended).await.expect("the portal says goodbye");
    assert!(ended.expect("not cancelled").is_ok(), "with a GOAWAY, not in the middle of something");
}

#[tokio::test]
async fn case_71_an_http2_connection_with_an_open_stream_is_in_use() {
    let app = TestApp::configured(|config| config.limits.idle_timeout_ms = 300).await;
    app.todos.answers(|_| Reply::After(Duration::from_millis(1200), Box::new(Reply::status(200))));
    let bob = app.signed_in("bob").await;
    let socket = TcpStream::connect(app.addr).await.expect("the portal listens");
    let io = hyper_util::rt::TokioIo::new(socket);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.expect("HTTP/2");
    tokio::spawn(connection);
    let request = http::Request::get(format!("{}/bff/acme.todos/todos", app.origin))
        .header("cookie", format!("__Host-portico={}", bob.session().expect("an id")))
        .header("sec-fetch-site", "same-origin")
        .body(http_body_util::Empty::<bytes::Bytes>::new())
        .expect("a request");
    assert_eq!(sender.send_request(request).await.expect("an answer").status().as_u16(), 200);
}

/// Longer than what sockets hold on their way.
fn download() -> Reply {
    Reply::Response(200, Vec::new(), vec![b'x'; 64 * 1024 * 1024])
}

#[tokio::test]
async fn case_71_a_client_that_never_reads_its_answer_is_cut() {
    let app = TestApp::configured(|config| config.limits.write_timeout_ms = 300).await;
    app.todos.answers(|_| download());
    let bob = app.signed_in("bob").await;
    let session = bob.session().expect("an id");
    let mut socket = TcpStream::connect(app.addr).await.expect("the portal listens");
    let request = format!(
        "GET /bff/acme.todos/todos HTTP/1.1\r\nHost: x\r\nCookie: __Host-portico={session}\r\nX-CSRF: 1\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.expect("it reads");
    eventually("the call begins", || !app.todos.seen().is_empty()).await;
    let usage = app.state.backends.usage("acme.todos");
    eventually("the call is over", || usage.calls() == 0).await;
    let mut received = Vec::new();
    // An end or a reset: either way it did not get everything.
    let _ = tokio::time::timeout(Duration::from_secs(10), socket.read_to_end(&mut received)).await;
    assert!(received.len() < 64 * 1024 * 1024, "{}", received.len());
}

#[tokio::test]
async fn case_71_an_http2_client_that_never_opens_its_window_loses_that_answer_alone() {
    let app = TestApp::configured(|config| config.limits.write_timeout_ms = 300).await;
    app.todos.answers(|_| download());
    let bob = app.signed_in("bob").await;
    let socket = TcpStream::connect(app.addr).await.expect("the portal listens");
    let io = hyper_util::rt::TokioIo::new(socket);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.expect("HTTP/2");
    tokio::spawn(connection);
    let mut get = |path: &str| {
        let request = http::Request::get(format!("{}{path}", app.origin))
            .header("cookie", format!("__Host-portico={}", bob.session().expect("an id")))
            .header("sec-fetch-site", "same-origin")
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .expect("a request");
        sender.send_request(request)
    };
    let untaken = get("/bff/acme.todos/todos").await.expect("an answer");
    let usage = app.state.backends.usage("acme.todos");
    eventually("the call is over", || usage.calls() == 0).await;
    assert_eq!(get("/healthz").await.expect("an answer").status().as_u16(), 200, "the connection goes on");
    let rest = http_body_util::BodyExt::collect(untaken.into_body()).await;
    assert!(rest.is_err(), "the answer was given up");
}

#[tokio::test]
async fn paths_that_only_look_like_the_cheap_ones_count() {
    for path in [
        "/favicon",
        "/favicon.svg.html",
        "/healthz2",
        "/healthz/deep",
        "/readyz-please",
        "/dev/idpx",
        "/pkg/",
        "/remotes/acme.todos",
    ] {
        let app = TestApp::configured(|config| config.limits.anonymous_per_minute = 5).await;
        let nobody = app.browser();
        let mut last = nobody.get(path).sent_from("none").send().await;
        for _ in 0..6 {
            last = nobody.get(path).sent_from("none").send().await;
        }
        assert_eq!(last.status.as_u16(), 429, "{path}");
    }
}

#[tokio::test]
async fn a_made_up_session_cookie_does_not_hide_a_client_from_the_limit() {
    for path in ["/api/platform/reports", "/api/platform/rum", "/api/nothing"] {
        let app = TestApp::configured(|config| config.limits.anonymous_per_minute = 5).await;
        let nobody = app.browser();
        nobody.plant("__Host-portico", "AAAAAAAAAAAAAAAAAAAAAA");
        let mut last = nobody.post(path).json(&json!([])).send().await;
        for _ in 0..6 {
            last = nobody.post(path).json(&json!([])).send().await;
        }
        assert_eq!(last.problem_kind(429), "too-many-requests", "{path}");
    }
}

#[tokio::test]
async fn the_unauthenticated_surface_is_bounded_per_address_and_cheap_paths_do_not_count() {
    let app = TestApp::configured(|config| config.limits.anonymous_per_minute = 10).await;
    let nobody = app.browser();
    for _ in 0..30 {
        nobody.get("/healthz").send().await.expect(200);
        nobody.get("/pkg/portico.0a1b.css").send().await.expect(200);
        nobody.get("/remotes/acme.todos/1.2.0/index.js").send().await.expect(200);
        nobody.get("/dev/idp/jwks").send().await.expect(200);
    }
    let mut last = nobody.get("/").sent_from("none").send().await;
    for _ in 0..12 {
        // What a client writes there itself buys it nothing.
        last = nobody
            .get("/api/platform/session")
            .header("x-forwarded-for", "203.0.113.7")
            .header("forwarded", "for=203.0.113.8")
            .send()
            .await;
    }
    assert_eq!(last.problem_kind(429), "too-many-requests");
    assert!(last.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    let made_up = nobody
        .get("/api/platform/session")
        .header("cookie", "__Host-portico=AAAAAAAAAAAAAAAAAAAAAA")
        .send()
        .await;
    made_up.problem(429);
}

#[tokio::test]
async fn one_sessions_requests_are_bounded_and_nobody_elses() {
    let app = TestApp::configured(|config| config.limits.session_per_minute = 10).await;
    let (bob, alice) = (app.signed_in("bob").await, app.signed_in("alice").await);
    let mut last = bob.get("/api/platform/session").send().await;
    for _ in 0..12 {
        last = bob.get("/api/platform/session").send().await;
    }
    last.problem(429);
    alice.get("/api/platform/session").send().await.expect(200);
}

#[tokio::test]
async fn an_organizations_requests_are_bounded_however_many_of_its_people_ask() {
    let app = TestApp::configured(|config| config.limits.organization_per_minute = 40).await;
    let (alice, bob, carol) =
        (app.signed_in("alice").await, app.signed_in("bob").await, app.signed_in("carol").await);
    let mut last = bob.get("/api/platform/session").send().await;
    for n in 0..50 {
        let person = if n % 2 == 0 { &alice } else { &bob };
        last = person.get("/api/platform/session").send().await;
    }
    assert_eq!(last.problem_kind(429), "too-many-requests");
    assert!(last.header("ratelimit").starts_with("\"organization\";r=0;t="), "{}", last.header("ratelimit"));
    alice.get("/bff/acme.todos/todos").send().await.problem(429);
    assert!(app.todos.seen().is_empty(), "the upstream sees nothing of what was refused");
    carol.get("/api/platform/session").send().await.expect(200);
}

#[tokio::test]
async fn whoever_is_limited_is_told_by_which_policy_and_what_is_left() {
    let app = TestApp::configured(|config| {
        config.limits.anonymous_per_minute = 1_000;
        config.limits.session_per_minute = 1_200;
        config.limits.organization_per_minute = 5_000;
        config.limits.remote_per_minute = 3;
    })
    .await;
    let (bob, nobody) = (app.signed_in("bob").await, app.browser());
    let anonymous = nobody.get("/api/platform/session").send().await;
    assert_eq!(anonymous.header("ratelimit-policy"), "\"address\";q=1000;w=60");
    assert!(
        anonymous.header("ratelimit").starts_with("\"address\";r=9"),
        "{}",
        anonymous.header("ratelimit")
    );
    for path in ["/api/platform/session", "/todos"] {
        let own = bob.get(path).sent_from("none").send().await;
        own.expect(200);
        assert_eq!(own.header("ratelimit-policy"), "\"session\";q=1200;w=60, \"organization\";q=5000;w=60");
        assert!(own.header("ratelimit").starts_with("\"session\";r=11"), "{}", own.header("ratelimit"));
    }
    let call = bob.get("/bff/acme.todos/todos").send().await;
    let policies = "\"session\";q=1200;w=60, \"organization\";q=5000;w=60, \"remote\";q=3;w=60";
    assert_eq!(call.header("ratelimit-policy"), policies);
    assert_eq!(call.header("ratelimit"), "\"remote\";r=2;t=20");
    app.todos.answers(|_| Reply::headers(200, &[("ratelimit", "\"theirs\";r=7")]));
    assert_eq!(bob.get("/bff/acme.todos/todos").send().await.header("ratelimit"), "\"remote\";r=1;t=40");
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let refused = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(refused.problem_kind(429), "too-many-requests");
    assert_eq!(
        (refused.header("ratelimit"), refused.header("ratelimit-policy")),
        ("\"remote\";r=0;t=20", policies)
    );
    assert_eq!(refused.header("retry-after"), "20");
    for free in ["/healthz", "/pkg/portico.0a1b.css"] {
        assert_eq!(nobody.get(free).send().await.header("ratelimit"), "", "{free}");
    }
}

#[tokio::test]
async fn http2_without_tls_is_held_to_the_same_limits() {
    let app = TestApp::start().await;
    let socket = TcpStream::connect(app.addr).await.expect("the portal listens");
    let io = hyper_util::rt::TokioIo::new(socket);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.expect("HTTP/2");
    tokio::spawn(connection);
    let mut statuses = Vec::new();
    let plain = http::Request::get(format!("{}/healthz", app.origin));
    let long = http::Request::get(format!("{}/{}", app.origin, "x".repeat(9000)));
    let many =
        (0..120).fold(http::Request::get(&app.origin), |request, n| request.header(format!("x-h{n}"), "1"));
    for request in [plain, long, many] {
        let request = request.body(http_body_util::Empty::<bytes::Bytes>::new()).expect("a request");
        let (parts, _) = sender.send_request(request).await.expect("an answer").into_parts();
        statuses.push(parts.status.as_u16());
        Answer { status: parts.status, headers: parts.headers, body: bytes::Bytes::new() }
            .assert_security_headers();
    }
    assert_eq!(statuses, [200, 414, 431]);
}
