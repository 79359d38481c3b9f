use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::test_app::{Browser, LiveStream, Log, TestApp};

async fn publish(browser: &Browser, data: &Value) -> String {
    let event = json!({ "specversion": "1.0", "source": "@acme/echo", "type": "echo.request", "data": data });
    let answer = browser.post("/events").body("application/cloudevents+json", event.to_string()).send().await;
    answer.expect(202).json()["id"].as_str().expect("an id").to_owned()
}

async fn open(browser: &Browser, path: &str) -> LiveStream {
    browser.get(path).open().await.unwrap_or_else(|answer| panic!("no stream: {answer:?}"))
}

#[tokio::test]
async fn a_stream_opens_with_an_id_pings_and_carries_events_by_type() {
    let app = TestApp::configured(|config| config.events.ping_seconds = 1).await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut stream = open(&bob, "/stream").await;
    assert_eq!(stream.headers["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(stream.headers["cache-control"], "private, no-store");
    let first = stream.opened().await;
    let ping = stream.next().await.expect("a sign of life");
    assert_eq!((ping.kind.as_str(), ping.data.as_str()), ("ping", "{}"));
    assert!(!ping.id.is_empty() && !first.is_empty());
    let id = publish(&bob, &json!(1)).await;
    let event = stream.next_event().await;
    assert_eq!((event.kind.as_str(), &event.json()["id"]), ("echo.request", &json!(id)));
    assert_ne!(event.id, first);
}

#[tokio::test]
async fn a_person_gets_their_own_events_in_every_tab_and_nobody_elses() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let (bob, alice) = (app.signed_in("bob").await, app.signed_in("alice").await);
    let (mut one, mut two) = (open(&bob, "/stream").await, open(&bob, "/stream?types=echo.request").await);
    let mut other = open(&alice, "/stream").await;
    publish(&bob, &json!("for bob")).await;
    assert_eq!(one.next_event().await.json()["data"], "for bob");
    assert_eq!(two.next_event().await.json()["data"], "for bob");
    assert!(other.is_quiet_for(Duration::from_millis(300)).await);
}

#[tokio::test]
async fn types_that_a_session_may_not_have_are_refused_and_audited() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    for types in ["admin.notice", "echo.request,admin.notice", "no.such", "ping", "*"] {
        bob.get(&format!("/stream?types={types}")).send().await.problem(403);
    }
    assert!(log.denied("subscribe", "admin.notice"), "{}", log.text());
    open(&app.signed_in("alice").await, "/stream?types=admin.notice").await.opened().await;
    open(&bob, "/stream?types=").await.opened().await;
}

#[tokio::test]
async fn case_21_idle_and_absolute_expiry_close_a_stream_on_time() {
    let app = TestApp::configured(|config| {
        config.session.idle_minutes = 10;
        config.session.absolute_minutes = 25;
    })
    .await;
    app.events_ready().await;
    let idle = app.signed_in("bob").await;
    let mut stream = open(&idle, "/stream").await;
    stream.opened().await;
    app.pass(time::Duration::minutes(11));
    ends_with_bye(&mut stream, "expired").await;
    idle.get("/stream").send().await.problem(401);
    let busy = app.signed_in("bob").await;
    let mut stream = open(&busy, "/stream").await;
    for _ in 0..2 {
        app.pass(time::Duration::minutes(9));
        busy.get("/api/platform/session").send().await.expect(200);
    }
    app.pass(time::Duration::minutes(8));
    ends_with_bye(&mut stream, "expired").await;
}

async fn ends_with_bye(stream: &mut LiveStream, reason: &str) {
    let rest = tokio::time::timeout(Duration::from_secs(3), stream.rest())
        .await
        .expect("it ends within three seconds");
    let last = rest.last().expect("a last word");
    assert_eq!((last.kind.as_str(), &last.json()["reason"]), ("bye", &json!(reason)));
}

#[tokio::test]
async fn a_logout_closes_every_stream_of_the_session_within_a_second_and_no_other() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let (bob, again) = (app.signed_in("bob").await, app.signed_in("bob").await);
    let (mut one, mut two, mut other) =
        (open(&bob, "/stream").await, open(&bob, "/stream").await, open(&again, "/stream").await);
    for stream in [&mut one, &mut two, &mut other] {
        stream.opened().await;
    }
    let started = tokio::time::Instant::now();
    bob.post("/auth/logout").send().await.expect(303);
    ends_with_bye(&mut one, "signed_out").await;
    ends_with_bye(&mut two, "signed_out").await;
    assert!(started.elapsed() < Duration::from_secs(1));
    publish(&again, &json!(1)).await;
    assert_eq!(other.next_event().await.kind, "echo.request");
}

#[tokio::test]
async fn a_switch_of_organization_closes_the_old_sessions_streams() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let erin = app.signed_in("erin").await;
    let mut stream = open(&erin, "/stream").await;
    stream.opened().await;
    erin.post("/api/platform/organization").form(&[("organization", "globex")]).send().await.expect(303);
    ends_with_bye(&mut stream, "replaced").await;
}

#[tokio::test]
async fn case_15_a_page_of_another_organization_gets_no_stream() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let erin = app.signed_in("erin").await;
    erin.post("/api/platform/organization").form(&[("organization", "globex")]).send().await.expect(303);
    let refused = erin.get("/stream?organization=acme").send().await;
    assert_eq!(refused.problem_kind(409), "organization-changed");
    open(&erin, "/stream?organization=globex").await.opened().await;
}

#[tokio::test]
async fn case_29_a_foreign_page_opens_no_stream_and_uses_no_slot() {
    let app = TestApp::configured(|config| config.session.max_streams = 1).await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    for request in [
        bob.get("/stream").sent_from("cross-site"),
        bob.get("/stream").sent_from("same-site"),
        bob.get("/stream").sent_from_nowhere().header("origin", "https://evil.test"),
        bob.get("/stream").sent_from_nowhere().header("origin", "null"),
        bob.get("/stream").sent_from("same-origin").header("origin", "https://evil.test"),
    ] {
        let answer = request.send().await;
        answer.problem(403);
        assert!(answer.header("access-control-allow-origin").is_empty());
    }
    assert_eq!(app.state.events.gateway().health().streams, 0);
    // A same-origin EventSource sends no Origin, and older browsers no Sec-Fetch-Site either.
    bob.get("/stream").sent_from_nowhere().open().await.expect("a stream").opened().await;
}

#[tokio::test]
async fn more_streams_than_a_session_may_have_are_429_until_one_closes() {
    let app = TestApp::configured(|config| config.session.max_streams = 2).await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let (mut one, mut two) = (open(&bob, "/stream").await, open(&bob, "/stream").await);
    one.opened().await;
    two.opened().await;
    let third = bob.get("/stream").send().await;
    assert_eq!(third.problem_kind(429), "too-many-streams");
    assert!(!third.header("retry-after").is_empty());
    drop(one);
    crate::test_app::eventually("the slot is free", || app.state.events.gateway().health().streams == 1)
        .await;
    open(&bob, "/stream").await.opened().await;
}

#[tokio::test]
async fn case_52_an_event_of_one_organization_reaches_nobody_of_another_nor_the_same_person_there() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let (erin_acme, erin_globex, carol) =
        (app.signed_in("erin").await, app.browser(), app.signed_in("carol").await);
    erin_globex
        .get("/auth/login?login_hint=erin&organization=globex")
        .sent_from("none")
        .follow()
        .await
        .page(200);
    let (mut at_acme, mut at_globex) =
        (open(&erin_acme, "/stream").await, open(&erin_globex, "/stream").await);
    let mut others = open(&carol, "/stream").await;
    publish(&erin_acme, &json!("acme's")).await;
    assert_eq!(at_acme.next_event().await.json()["orgid"], "acme");
    assert!(at_globex.is_quiet_for(Duration::from_millis(300)).await);
    assert!(others.is_quiet_for(Duration::from_millis(50)).await);
    publish(&erin_globex, &json!("globex's")).await;
    assert_eq!(at_globex.next_event().await.json()["orgid"], "globex");
    assert!(at_acme.is_quiet_for(Duration::from_millis(300)).await);
}

#[tokio::test]
async fn case_65_a_payload_with_line_ends_nul_and_bom_arrives_as_one_event_byte_for_byte() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut stream = open(&bob, "/stream").await;
    stream.opened().await;
    let payloads = [
        r#""a\r\nevent: evil\r\ndata: {}\r\n\r\n""#,
        r#""\u0000\ufeff\u2028\u2029\u0085""#,
        "\"\u{feff}\u{2028}\u{85}\u{1f600}\"",
        r#"{"b":1,"a":2,"b":3,"n":12345678901234567890.1234567890,"e":1E400}"#,
        r#""\ud83d\ude00 \/ \u00e9""#,
        r#"["\nid: forged\n", ":comment", "retry: 1"]"#,
        "null",
    ];
    for payload in payloads {
        let event = format!(
            r#"{{"specversion":"1.0","source":"@acme/echo","type":"echo.request","data":{payload}}}"#
        );
        bob.post("/events").body("application/cloudevents+json", event).send().await.expect(202);
        let arrived = stream.next_event().await;
        assert_eq!(arrived.kind, "echo.request");
        assert!(arrived.data.contains(&format!("\"data\":{payload}")), "{payload} became {}", arrived.data);
    }
    // Between tokens a line end is only space, and becomes one.
    let spread = "{\r\n\"specversion\":\"1.0\",\n\"source\":\"@acme/echo\",\r\"type\":\"echo.request\",\"data\":{\n\"a\":\r\n1}}";
    bob.post("/events").body("application/cloudevents+json", spread).send().await.expect(202);
    assert_eq!(stream.next_event().await.json()["data"], json!({ "a": 1 }));
    let raw_nul =
        "{\"specversion\":\"1.0\",\"source\":\"@acme/echo\",\"type\":\"echo.request\",\"data\":\"\0\"}";
    bob.post("/events").body("application/cloudevents+json", raw_nul).send().await.problem(400);
    assert!(stream.is_quiet_for(Duration::from_millis(200)).await, "nothing else came out of it");
}

#[tokio::test]
async fn case_66_a_stream_resumes_where_it_broke_off_by_header_or_parameter() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut stream = open(&bob, "/stream").await;
    stream.opened().await;
    publish(&bob, &json!(1)).await;
    let seen = stream.next_event().await;
    drop(stream);
    publish(&bob, &json!(2)).await;
    publish(&bob, &json!(3)).await;
    let by_header = bob.get("/stream").header("last-event-id", &seen.id).open().await.expect("a stream");
    let by_parameter = open(&bob, &format!("/stream?last_event_id={}", seen.id)).await;
    let both = bob
        .get("/stream?last_event_id=older-and-wrong")
        .header("last-event-id", &seen.id)
        .open()
        .await
        .expect("a stream");
    for mut resumed in [by_header, by_parameter, both] {
        let (two, three) = (resumed.next_event().await, resumed.next_event().await);
        assert_eq!((&two.json()["data"], &three.json()["data"]), (&json!(2), &json!(3)), "no gap, no repeat");
        assert!(resumed.is_quiet_for(Duration::from_millis(100)).await);
    }
}

#[tokio::test]
async fn case_66_a_client_that_never_got_an_event_resumes_from_where_its_stream_opened() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut stream = open(&bob, "/stream").await;
    let opened = stream.opened().await;
    drop(stream);
    publish(&bob, &json!("missed")).await;
    let mut resumed = bob.get("/stream").header("last-event-id", &opened).open().await.expect("a stream");
    assert_eq!(resumed.next_event().await.json()["data"], "missed");
}

#[tokio::test]
async fn case_66_a_forged_id_is_400_and_one_of_another_organization_or_person_403() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let (bob, alice, carol) =
        (app.signed_in("bob").await, app.signed_in("alice").await, app.signed_in("carol").await);
    let id = open(&bob, "/stream").await.opened().await;
    let log = Log::keep();
    for other in [&alice, &carol] {
        let answer = other.get("/stream").header("last-event-id", &id).send().await;
        assert_eq!(answer.problem_kind(403), "forbidden");
    }
    assert!(log.denied("subscribe", "stream"), "{}", log.text());
    let mut turned = id.clone().into_bytes();
    let last = turned.last_mut().expect("an id has characters");
    *last = if *last == b'A' { b'B' } else { b'A' };
    let cut = &id[..id.len() - 4];
    for forged in [
        turned.as_slice(),
        cut.as_bytes(),
        b"1",
        b"0",
        b"../..",
        b"%00",
        b"\xff",
        "x".repeat(4000).as_bytes(),
    ] {
        let answer = bob.get("/stream").header("last-event-id", forged).send().await;
        assert_eq!(answer.problem_kind(400), "bad-request", "{:.40}", String::from_utf8_lossy(forged));
    }
    bob.get("/stream?last_event_id=forged").send().await.problem(400);
    assert_eq!(app.state.events.gateway().health().streams, 0, "none of them used a slot");
    bob.get("/stream").header("last-event-id", "").open().await.expect("an empty one is none").opened().await;
}

#[tokio::test]
async fn case_66_an_id_from_before_the_log_was_recreated_is_answered_by_a_reset_with_a_fresh_id() {
    let first = TestApp::start().await;
    first.events_ready().await;
    let bob = first.signed_in("bob").await;
    let old = open(&bob, "/stream").await.opened().await;
    let data = first.data_dir().to_owned();
    // The in-process log is gone with its process; keys and sessions are not.
    let second = TestApp::configured(|config| config.data_dir = data).await;
    second.events_ready().await;
    let again = second.signed_in("bob").await;
    let mut stream = again.get("/stream").header("last-event-id", &old).open().await.expect("a stream");
    let mut event = stream.next().await.expect("it is open");
    while event.kind == "ping" {
        event = stream.next().await.expect("it is open");
    }
    assert_eq!(event.kind, "reset");
    assert!(event.id != old && !event.id.is_empty());
    drop(stream);
    let mut resumed = again.get("/stream").header("last-event-id", &event.id).open().await.expect("a stream");
    publish(&again, &json!("after")).await;
    assert_eq!(resumed.next_event().await.json()["data"], "after", "the fresh id resumes");
}

#[tokio::test]
async fn a_server_that_goes_down_tells_its_streams() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut stream = open(&bob, "/stream").await;
    stream.opened().await;
    app.state.drain();
    ends_with_bye(&mut stream, "shutdown").await;
}

/// A connection of a test's own, with what has come over it so far.
struct Wire {
    socket: TcpStream,
    text: String,
}

impl Wire {
    async fn to(app: &TestApp) -> Self {
        let socket = TcpStream::connect(app.addr).await.expect("the portal listens");
        Self { socket, text: String::new() }
    }

    async fn send(&mut self, requests: &[&str]) {
        self.socket.write_all(requests.concat().as_bytes()).await.expect("it is read");
    }

    /// Reads until `part` has come.
    async fn until(&mut self, part: &str) {
        let mut bytes = [0; 4096];
        while !self.text.contains(part) {
            let read = tokio::time::timeout(Duration::from_secs(10), self.socket.read(&mut bytes)).await;
            let read = read.unwrap_or_else(|_| panic!("{part} in {}", self.text)).expect("it is open");
            assert!(read > 0, "it ended before {part}: {}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    }
}

#[tokio::test]
async fn a_stream_has_the_rest_of_a_connection_that_carried_other_requests_before() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let host = app.addr.to_string();
    let live = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let stream = format!(
        "GET /stream HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\nCookie: __Host-portico={}\r\n\r\n",
        bob.session().expect("a session")
    );
    // One after the other, and both at once: no byte of the first answer may be lost to the second.
    for at_once in [false, true] {
        let mut wire = Wire::to(&app).await;
        if at_once {
            wire.send(&[&live, &live, &stream]).await;
        } else {
            wire.send(&[&live]).await;
            wire.until("\r\n\r\n").await;
            wire.send(&[&live, &stream]).await;
        }
        wire.until("event: ping").await;
        assert_eq!(wire.text.matches("HTTP/1.1 200 OK").count(), 3, "{}", wire.text);
        publish(&bob, &json!(at_once)).await;
        wire.until(&format!("\"data\":{at_once}")).await;
        let head = wire.text.rsplit("HTTP/1.1 200 OK").next().expect("the last answer");
        let head = head.split("\r\n\r\n").next().expect("its head").to_ascii_lowercase();
        for field in [
            "content-type: text/event-stream",
            "connection: close",
            "date: ",
            "x-content-type-options: nosniff",
        ] {
            assert!(head.contains(field), "{field} in {head}");
        }
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
    let streams = || app.state.events.gateway().health().streams;
    crate::test_app::eventually("streams whose clients left are gone", || streams() == 0).await;
}

#[tokio::test]
async fn case_70_a_client_that_reads_nothing_is_cut_and_holds_nothing() {
    let app = TestApp::configured(|config| config.limits.write_timeout_ms = 500).await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut quick = open(&bob, "/stream").await;
    quick.opened().await;
    let mut slow = Wire::to(&app).await;
    let session = bob.session().expect("a session");
    let request = format!(
        "GET /stream HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nCookie: __Host-portico={session}\r\n\r\n",
        app.addr
    );
    slow.send(&[&request]).await;
    slow.until("event: ping").await;
    // More than the sockets of both ends hold.
    let large = "x".repeat(200 * 1024);
    for number in 0..60 {
        publish(&bob, &json!({ "number": number, "large": large })).await;
        assert_eq!(quick.next_event().await.json()["data"]["number"], number, "the other one is not slowed");
    }
    let streams = || app.state.events.gateway().health().streams;
    crate::test_app::eventually("the slow one is cut", || streams() == 1).await;
    assert_eq!(app.state.events.gateway().backlog().bytes, 0);
}
