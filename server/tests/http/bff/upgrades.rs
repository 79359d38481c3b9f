use std::time::{Duration, Instant};

use portico::config::{QuotaOverrides, UpstreamConfig};
use portico_identity::session::EndReason;
use serde_json::json;

use crate::test_app::{Reply, TestApp, Upstream, WebSocket, accept_for, agree, eventually};

const LIVE: &str = "/bff/acme.todos/live/feed";

async fn open(app: &TestApp, account: &str) -> WebSocket {
    app.todos.answers(agree);
    let browser = app.signed_in(account).await;
    let socket = WebSocket::open(app.addr, &browser, LIVE, "", b"").await;
    socket.answer.expect(101);
    socket
}

#[tokio::test]
async fn a_web_socket_is_a_call_with_policy_and_token_and_then_carries_bytes_both_ways() {
    let app = TestApp::start().await;
    app.todos.answers(|seen| {
        let accept = accept_for(seen);
        Reply::Switch(format!("HTTP/1.1 101 ok\r\nconnection: upgrade\r\nupgrade: WebSocket\r\nsec-websocket-accept: {accept}\r\nsec-websocket-protocol: chat.v2\r\nset-cookie: theirs=1\r\nserver: theirs\r\n\r\n").into())
    });
    let bob = app.signed_in("bob").await;
    let lines = "Sec-WebSocket-Protocol: chat.v1, chat.v2\r\nSec-WebSocket-Extensions: permessage-deflate\r\nX-User: alice\r\nAuthorization: Bearer mine\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: websocket\r\n";
    let mut socket =
        WebSocket::open(app.addr, &bob, &format!("{LIVE}?room=1&portico-org=acme"), lines, b"").await;
    socket.answer.expect(101);
    socket.answer.assert_security_headers();
    assert_eq!(socket.answer.header("sec-websocket-protocol"), "chat.v2");
    assert_eq!(socket.answer.header("upgrade"), "websocket");
    assert!(
        !socket.answer.headers.contains_key("set-cookie") && !socket.answer.headers.contains_key("server")
    );

    let seen = app.todos.last();
    assert_eq!(seen.line, "GET /live/feed?room=1 HTTP/1.1");
    assert_eq!(seen.claims()["sub"], "demo|bob");
    assert_eq!(seen.header("connection"), "upgrade");
    assert_eq!(seen.header("upgrade"), "websocket");
    assert_eq!(seen.header("sec-websocket-version"), "13");
    assert_eq!(seen.header("sec-websocket-protocol"), "chat.v1, chat.v2");
    assert_eq!(seen.header("sec-websocket-extensions"), "permessage-deflate");
    assert_eq!(seen.header("host"), app.todos.addr.to_string());
    for name in ["cookie", "origin", "x-user", "sec-fetch-site", "sec-fetch-mode"] {
        assert!(seen.values(name).is_empty(), "{name} arrived");
    }

    socket.say(1, b"hello").await;
    assert_eq!(socket.read(11).await, b"\x81\x85\0\0\0\0hello");
    // More than the buffers on the way hold.
    let much = vec![7; 3_000_000];
    for piece in much.chunks(100_000) {
        socket.write(piece).await;
        assert_eq!(socket.read(piece.len()).await, piece);
    }
    drop(socket);
    eventually("the upstream hears that the client is gone", || app.todos.switched()[0].is_over).await;
    assert_eq!(app.todos.switched()[0].received.len(), 11 + much.len());
}

#[tokio::test]
async fn case_47_bytes_behind_an_upgrade_that_is_answered_with_200_are_never_forwarded() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let behind = format!("GET /admin/secret HTTP/1.1\r\nHost: {}\r\n\r\n", app.todos.addr);
    for behind in [behind.as_bytes(), b"\x81\x85\0\0\0\0hello"] {
        let before = app.todos.seen().len();
        let socket = WebSocket::open(app.addr, &bob, LIVE, "", behind).await;
        socket.answer.expect(200);
        assert_eq!(socket.answer.header("connection"), "close");
        assert!(!socket.answer.headers.contains_key("upgrade"));
        assert_eq!(socket.rest().await, b"{\"ok\":true}", "one answer, and the connection ends");
        let seen = &app.todos.seen()[before..];
        assert_eq!(seen.len(), 1, "one request: {seen:?}");
        assert_eq!((seen[0].target(), seen[0].body.as_slice()), ("/live/feed", b"".as_slice()));
        assert!(app.todos.switched().is_empty());
    }
    // Where the upstream does agree, they are what comes first on the connection.
    app.todos.answers(agree);
    let mut socket = WebSocket::open(app.addr, &bob, LIVE, "", b"\x81\x82\0\0\0\0hi").await;
    socket.answer.expect(101);
    assert_eq!(socket.read(8).await, b"\x81\x82\0\0\0\0hi");
}

#[tokio::test]
async fn case_47_only_a_switch_to_what_was_asked_for_is_one() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let good = "HTTP/1.1 101 ok\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    let wrong = [
        good.replace("s3pP", "S3pP"),
        good.replace("Sec-WebSocket-Accept", "X-Accept"),
        good.replace("Upgrade: websocket", "Upgrade: acme.sync"),
        good.replace("Connection: upgrade\r\n", ""),
        format!("{good}Sec-WebSocket-Protocol: not.offered\r\n"),
        format!("{good}Sec-WebSocket-Extensions: not-offered\r\n"),
    ];
    for head in wrong {
        let bytes = format!("{head}\r\n");
        app.todos.answers(move |_| Reply::Switch(bytes.clone().into()));
        let socket = WebSocket::open(app.addr, &bob, LIVE, "", b"secret").await;
        assert_eq!(socket.answer.status, 502, "{head}");
        eventually("the upstream's connection ends", || app.todos.switched().iter().all(|one| one.is_over))
            .await;
        assert!(app.todos.switched().iter().all(|one| one.received.is_empty()), "not a byte went on: {head}");
    }
}

#[tokio::test]
async fn a_handshake_that_is_not_allowed_or_not_one_never_reaches_the_upstream() {
    let app = TestApp::start().await;
    app.todos.answers(agree);
    let (bob, stranger) = (app.signed_in("bob").await, app.browser());
    let open = async |browser, path: &str, lines: &str| {
        WebSocket::open(app.addr, browser, path, lines, b"").await.answer.status.as_u16()
    };
    assert_eq!(open(&stranger, LIVE, "").await, 401);
    assert_eq!(open(&bob, LIVE, "Sec-Fetch-Site: cross-site\r\n").await, 403);
    assert_eq!(open(&bob, LIVE, "Origin: https://evil.example\r\n").await, 403);
    assert_eq!(open(&bob, &format!("{LIVE}?portico-org=globex"), "").await, 409);
    assert_eq!(open(&bob, "/bff/acme.todos/todos", "").await, 501, "declared for calls only");
    assert_eq!(open(&bob, "/bff/acme.todos/nothing", "").await, 404);
    assert_eq!(open(&bob, LIVE, "Upgrade: h2c\r\n").await, 400);
    assert_eq!(open(&bob, LIVE, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n").await, 400);
    assert_eq!(open(&bob, LIVE, "Content-Length: 5\r\n").await, 400);
    let cookie = format!("Cookie: __Host-portico={}", bob.session().expect("an id"));
    let by_hand = async |lines: &str| {
        let bytes = format!("GET {LIVE} HTTP/1.1\r\nHost: x\r\n{cookie}\r\nX-CSRF: 1\r\n{lines}\r\n\r\n");
        WebSocket::send(app.addr, bytes.as_bytes()).await.answer.status.as_u16()
    };
    assert_eq!(
        by_hand("Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk").await,
        501
    );
    assert_eq!(by_hand("Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==").await, 400);
    assert_eq!(by_hand("Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short").await, 400);
    assert_eq!(
        by_hand(
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        )
        .await,
        400
    );
    assert_eq!(app.todos.seen().len(), 0);
}

#[tokio::test]
async fn another_protocol_that_the_route_declares_passes_as_it_is() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| {
        Reply::Switch(b"HTTP/1.1 101 ok\r\nConnection: upgrade\r\nUpgrade: acme.sync\r\n\r\n".to_vec())
    });
    let cookie = format!("Cookie: __Host-portico={}", bob.session().expect("an id"));
    let bytes = format!(
        "GET {LIVE} HTTP/1.1\r\nHost: x\r\n{cookie}\r\nX-CSRF: 1\r\nConnection: Upgrade\r\nUpgrade: acme.sync\r\n\r\n"
    );
    let mut socket = WebSocket::send(app.addr, bytes.as_bytes()).await;
    socket.answer.expect(101);
    socket.write(b"anything").await;
    assert_eq!(socket.read(8).await, b"anything");
    assert_eq!(app.todos.last().header("upgrade"), "acme.sync");
}

/// A close frame of the portal with this code, and nothing before it.
#[track_caller]
fn assert_closed(rest: &[u8], code: u16) {
    assert_eq!(rest.first(), Some(&0x88), "{rest:?}");
    assert_eq!(rest.get(2..4), Some(code.to_be_bytes().as_slice()), "{rest:?}");
}

#[tokio::test]
async fn an_open_connection_ends_with_its_session_within_a_second() {
    let app = TestApp::start().await;
    app.todos.answers(agree);
    let bob = app.signed_in("bob").await;
    let open = async || WebSocket::open(app.addr, &bob, LIVE, "", b"").await;
    // Logout.
    let mut socket = open().await;
    socket.say(1, b"hello").await;
    assert_eq!(socket.read(11).await.len(), 11);
    let ended = Instant::now();
    bob.post("/auth/logout").send().await.expect(303);
    assert_closed(&socket.rest().await, 4401);
    assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
    eventually("the upstream's connection ends too", || app.todos.switched()[0].is_over).await;

    // Other privileges: what the directory says of a member changes.
    bob.login("bob").await;
    let socket = open().await;
    let id = bob.session().expect("an id").parse().expect("a session id");
    app.state.privileges_changed(&id);
    assert_closed(&socket.rest().await, 1008);

    // Expiry, seen by nobody but the portal's clock.
    let socket = open().await;
    app.pass(time::Duration::days(40));
    assert_closed(&socket.rest().await, 4401);
}

#[tokio::test]
async fn in_the_middle_of_a_frame_the_connection_ends_without_a_word() {
    let app = TestApp::start().await;
    let mut socket = open(&app, "bob").await;
    // The echo is half a frame too.
    socket.write(b"\x81\x85\0\0\0\0he").await;
    assert_eq!(socket.read(8).await.len(), 8);
    app.state.drain();
    assert_eq!(socket.rest().await, b"");
    let socket = open(&app, "bob").await;
    assert_closed(&socket.rest().await, 1001);
}

#[tokio::test]
async fn a_session_has_so_many_connections_and_a_silent_one_is_closed() {
    let app = TestApp::configured(|config| {
        config.limits.upgrades_per_session = 2;
        config.limits.upgrade_idle_ms = 300;
    })
    .await;
    app.todos.answers(agree);
    let bob = app.signed_in("bob").await;
    let open = async || WebSocket::open(app.addr, &bob, LIVE, "", b"").await;
    let (mut busy, silent) = (open().await, open().await);
    open().await.answer.expect(429);
    let closing = tokio::spawn(silent.rest());
    for _ in 0..12 {
        busy.say(9, b"").await;
        busy.read(6).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert_closed(&closing.await.expect("no panic"), 1001);
    open().await.answer.expect(101);
    let id = bob.session().expect("an id").parse().expect("an id");
    let ended = app.state.sessions.end(&id, EndReason::SignedOut);
    assert!(ended.await.expect("the store answers"));
    assert_closed(&busy.rest().await, 4401);
}

#[tokio::test]
async fn an_open_connection_ends_when_its_member_is_removed() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    app.todos.answers(agree);
    let mut socket = WebSocket::open(app.addr, &bob, LIVE, "", b"").await;
    socket.say(1, b"hello").await;
    assert_eq!(socket.read(11).await.len(), 11);
    let members = alice.get("/api/platform/members").send().await.expect(200).json();
    let member = members.as_array().into_iter().flatten().find(|member| member["sub"] == "demo|bob");
    let id = member.and_then(|member| member["id"].as_str()).expect("bob is a member");
    let removed = Instant::now();
    alice.post(&format!("/api/platform/members/{id}/remove")).json(&json!({})).send().await.expect(200);
    assert_closed(&socket.rest().await, 4401);
    assert!(removed.elapsed() < Duration::from_secs(1), "{:?}", removed.elapsed());
    eventually("the upstream's connection ends too", || app.todos.switched()[0].is_over).await;
    bob.get("/api/platform/session").send().await.problem(401);
}

#[tokio::test]
async fn open_connections_count_where_they_are_and_towards_the_quota() {
    let other = Upstream::start().await;
    let address = other.addr.to_string();
    let app = TestApp::configured(|config| {
        let todos = config.registry.directories[0].join("todos/dist/remote.json");
        let manifest: serde_json::Value =
            serde_json::from_slice(&std::fs::read(todos).expect("it is there")).expect("a manifest is JSON");
        let own =
            manifest["backend"]["url"].as_str().expect("a URL").trim_start_matches("http://").to_owned();
        let upstream = UpstreamConfig { addresses: vec![own, address], ..UpstreamConfig::default() };
        config.gateway.upstreams.insert("acme.todos".into(), upstream);
        let quota = QuotaOverrides { concurrent: Some(16), ..QuotaOverrides::default() };
        config.gateway.quotas.insert("acme.todos".into(), quota);
    })
    .await;
    app.todos.answers(agree);
    other.answers(agree);
    let bob = app.signed_in("bob").await;
    let mut sockets = Vec::new();
    for _ in 0..16 {
        let socket = WebSocket::open(app.addr, &bob, LIVE, "", b"").await;
        socket.answer.expect(101);
        sockets.push(socket);
        let (here, there) = (app.todos.switched().len(), other.switched().len());
        assert!(here.abs_diff(there) <= 1, "each goes where fewer are open: {here} and {there}");
    }
    let remote = app.state.backends.snapshots().into_iter().find(|one| one.remote == "acme.todos");
    let outstanding: Vec<_> =
        remote.expect("it was called").endpoints.iter().map(|endpoint| endpoint.outstanding).collect();
    assert_eq!(outstanding, [8, 8]);
    let metrics = app.admin("/metrics").await.text().to_owned();
    for line in [
        "portico_upgrades_open 16",
        "portico_quota_calls{portico_remote=\"acme.todos\"} 16",
        "portico_quota_calls_limit{portico_remote=\"acme.todos\"} 16",
    ] {
        assert!(metrics.lines().any(|known| known == line), "{line}: {metrics}");
    }
    assert_eq!(bob.get("/bff/acme.todos/todos").send().await.problem_kind(503), "quota-concurrent");
    sockets.truncate(15);
    eventually("one has left", || app.state.open_calls.upgrades().get() == 15).await;
    app.todos.answers(|_| Reply::status(200));
    other.answers(|_| Reply::status(200));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let metrics = app.admin("/metrics").await.text().to_owned();
    let line = "portico_quota_exceeded_total{portico_remote=\"acme.todos\",quota=\"quota-concurrent\"} 1";
    assert!(metrics.lines().any(|known| known == line), "{metrics}");
}
