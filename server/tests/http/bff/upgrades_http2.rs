//! WebSockets on a stream of HTTP/2 (RFC 8441), to services that take them over HTTP/1.1.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;

use crate::test_app::{Http2Connection, Reply, TestApp, agree_to_any, eventually};

const LIVE: &str = "/bff/acme.todos/live/feed";

#[tokio::test]
async fn a_web_socket_on_a_stream_is_a_call_with_policy_and_token_and_then_carries_bytes_both_ways() {
    let app = TestApp::start().await;
    app.todos.answers(agree_to_any);
    let bob = app.signed_in("bob").await;
    let connection = Http2Connection::open(app.addr).await;
    assert!(connection.takes_web_sockets());
    let fields = [
        ("sec-websocket-protocol", "chat.v2"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("x-user", "alice"),
        ("authorization", "Bearer mine"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "websocket"),
    ];
    let path = format!("{LIVE}?room=1&portico-org=acme");
    let mut socket = connection.switch(&bob, "websocket", &path, &fields).await;
    assert_eq!(socket.head.status(), 200);
    for name in ["connection", "upgrade", "sec-websocket-accept", "set-cookie"] {
        assert!(!socket.head.headers().contains_key(name), "{name} passed");
    }
    assert!(socket.head.headers().contains_key("x-trace-id"));

    let seen = app.todos.last();
    assert_eq!(seen.line, "GET /live/feed?room=1 HTTP/1.1");
    assert_eq!(seen.claims()["sub"], "demo|bob");
    assert_eq!((seen.header("connection"), seen.header("upgrade")), ("upgrade", "websocket"));
    assert_eq!(seen.header("sec-websocket-version"), "13");
    assert_eq!(seen.header("sec-websocket-protocol"), "chat.v2");
    let key = seen.header("sec-websocket-key");
    assert_eq!(STANDARD.decode(key).expect("base64").len(), 16);
    assert_ne!(key, "dGhlIHNhbXBsZSBub25jZQ==", "the portal's own");
    for name in ["cookie", "origin", "x-user", "sec-fetch-site", "sec-fetch-mode"] {
        assert!(seen.values(name).is_empty(), "{name} arrived");
    }

    socket.say(1, b"hello");
    assert_eq!(socket.read(11).await, b"\x81\x85\0\0\0\0hello");
    // More than the buffers and windows on the way hold.
    let much = vec![7; 3_000_000];
    socket.write(much.clone());
    assert!(socket.read(much.len()).await == much);
    // Others share the connection meanwhile.
    let answer = connection.send(&bob, Method::GET, "/healthz", &[], "", None).await;
    assert_eq!(answer.head.status(), 200);
    drop(socket);
    eventually("the upstream hears that the client is gone", || app.todos.switched()[0].is_over).await;
    assert_eq!(app.todos.switched()[0].received.len(), 11 + much.len());
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_is_told_so_and_the_connection_goes_on() {
    let app = TestApp::start().await;
    app.todos.answers(agree_to_any);
    let bob = app.signed_in("bob").await;
    let connection = Http2Connection::open(app.addr).await;
    let mut socket = connection.switch(&bob, "websocket", LIVE, &[]).await;
    socket.say(1, b"hello");
    assert_eq!(socket.read(11).await.len(), 11);
    bob.post("/auth/logout").send().await.expect(303);
    let rest = socket.rest().await;
    assert_eq!((rest.first(), rest.get(2..4)), (Some(&0x88), Some(4401_u16.to_be_bytes().as_slice())));
    eventually("the upstream's connection ends too", || app.todos.switched()[0].is_over).await;
    let answer = connection.send(&bob, Method::GET, "/healthz", &[], "", None).await;
    assert_eq!(answer.head.status(), 200);

    bob.login("bob").await;
    let socket = connection.switch(&bob, "websocket", LIVE, &[]).await;
    let id = bob.session().expect("an id").parse().expect("a session id");
    app.state.privileges_changed(&id);
    assert_eq!(socket.rest().await.get(2..4), Some(1008_u16.to_be_bytes().as_slice()));
}

#[tokio::test]
async fn a_connection_whose_only_stream_is_a_web_socket_is_in_use() {
    let app = TestApp::configured(|config| {
        config.limits.idle_timeout_ms = 200;
        config.limits.head_timeout_ms = 200;
    })
    .await;
    app.todos.answers(agree_to_any);
    let bob = app.signed_in("bob").await;
    let connection = Http2Connection::open(app.addr).await;
    let mut socket = connection.switch(&bob, "websocket", LIVE, &[]).await;
    assert_eq!(socket.head.status(), 200);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    socket.say(1, b"hello");
    assert_eq!(socket.read(11).await, b"\x81\x85\0\0\0\0hello");
}

#[tokio::test]
async fn what_is_not_allowed_or_not_declared_never_reaches_the_upstream() {
    let app = TestApp::start().await;
    app.todos.answers(agree_to_any);
    let (bob, stranger) = (app.signed_in("bob").await, app.browser());
    let connection = Http2Connection::open(app.addr).await;
    let status = async |browser, protocol, path: &str, fields: &[(&str, &str)]| {
        connection.switch(browser, protocol, path, fields).await.head.status().as_u16()
    };
    assert_eq!(status(&stranger, "websocket", LIVE, &[]).await, 401);
    assert_eq!(status(&bob, "websocket", LIVE, &[("origin", "https://evil.example")]).await, 403);
    assert_eq!(status(&bob, "websocket", LIVE, &[("sec-fetch-site", "cross-site")]).await, 403);
    assert_eq!(status(&bob, "websocket", &format!("{LIVE}?portico-org=globex"), &[]).await, 409);
    assert_eq!(status(&bob, "websocket", "/bff/acme.todos/todos", &[]).await, 501, "declared for calls only");
    assert_eq!(status(&bob, "connect-udp", LIVE, &[]).await, 501, "it would carry what nobody authorises");
    assert_eq!(status(&bob, "websocket", "/bff/acme.todos/nothing", &[]).await, 404);
    assert_eq!(status(&bob, "websocket", LIVE, &[("sec-websocket-version", "8")]).await, 400);
    for elsewhere in ["/", "/healthz", "/api/session"] {
        let status = status(&bob, "websocket", elsewhere, &[]).await;
        assert!(status >= 400, "{elsewhere}: {status}");
    }
    assert_eq!(app.todos.seen().len(), 0);

    // Only a switch opens the stream: any other success of the service's would be taken for one.
    app.todos.answers(|_| Reply::headers(200, &[]));
    let socket = connection.switch(&bob, "websocket", LIVE, &[]).await;
    assert_eq!(socket.head.status(), 502);
    let body = String::from_utf8(socket.rest().await).expect("text");
    assert!(body.contains("/problems/upgrade-refused"), "{body}");
    app.todos.answers(|_| Reply::headers(403, &[]));
    assert_eq!(status(&bob, "websocket", LIVE, &[]).await, 403, "a refusal is its own");
}
