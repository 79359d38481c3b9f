use std::time::{Duration, Instant};

use crate::test_app::{Browser, Reply, TestApp};

/// An answer of this kind that goes on: one chunk, and none after it.
fn going_on(kind: &'static str) -> Reply {
    Reply::Raw(
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n18\r\nevent: one.two\ndata: 1\n\n\r\n")
            .into(),
    )
}

async fn logout(bob: &Browser) -> Instant {
    let ended = Instant::now();
    bob.post("/auth/logout").send().await.expect(303);
    ended
}

#[tokio::test]
async fn an_upstreams_event_stream_ends_with_its_session_within_a_second() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| going_on("text/event-stream"));
    let mut stream = bob.get("/bff/acme.todos/todos/changes").open().await.expect("a stream");
    let first = stream.next().await.expect("an event");
    assert_eq!(first.kind, "one.two");
    let ended = logout(&bob).await;
    assert_eq!(stream.rest().await, []);
    assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
}

#[tokio::test]
async fn a_long_answer_breaks_off_with_its_session_and_is_not_taken_for_a_whole_one() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| going_on("application/x-ndjson"));
    let request = format!(
        "GET /bff/acme.todos/todos HTTP/1.1\r\nHost: {}\r\nCookie: __Host-portico={}\r\nX-CSRF: 1\r\n\r\n",
        app.addr,
        bob.session().expect("an id")
    );
    let reading = tokio::spawn(crate::test_app::WebSocket::send(app.addr, request.into_bytes().leak()));
    let open = reading.await.expect("no panic");
    open.answer.expect(200);
    let ended = logout(&bob).await;
    let rest = String::from_utf8(open.rest().await).expect("text");
    assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
    assert!(rest.contains("one.two") && !rest.ends_with("0\r\n\r\n"), "no end is pretended: {rest:?}");
}
