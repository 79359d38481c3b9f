//! What a remote may use: calls under way, bytes, time. What exceeds it never reaches the upstream, or is cut.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use portico_gateway::{Quota, QuotaExceeded, RemoteBackend, ResponseBodyError, SystemResolver, Usage};

use crate::world::{Reply, Upstream, World, answer, ok, request, spec, with_body};

fn world(upstream: &Upstream, quota: Quota) -> (World, Arc<Usage>) {
    let usage = Arc::new(Usage::default());
    let url = format!("http://{}", upstream.address);
    let remote = RemoteBackend::compile(spec(&url), Arc::new(SystemResolver)).expect("a good back end");
    (World::of(remote.with_quota(quota, usage.clone())), usage)
}

/// An answer whose second half comes late.
fn slow() -> Reply {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfi".to_owned();
    Reply::Slowly(head, Duration::from_millis(300), "ne".to_owned())
}

#[tokio::test]
async fn a_call_counts_until_its_answer_has_ended_or_nobody_wants_it() {
    let upstream = Upstream::start(vec![slow(), slow(), ok()]).await;
    let (world, usage) = world(&upstream, Quota { concurrent: Some(1), ..Quota::default() });
    let begun = world.begin(request("GET", "/bff/acme.todos/todos/1", &[])).await.expect("there is room");
    let refused = world.call("GET", "/bff/acme.todos/todos/2").await;
    assert_eq!((refused.status(), refused.problem(), refused.attempts), (503, "quota-concurrent", 0));
    assert_eq!(begun.into_body().collect().await.expect("a whole body").to_bytes(), "fine");
    assert_eq!(usage.calls(), 0);
    drop(world.begin(request("GET", "/bff/acme.todos/todos/3", &[])).await.expect("there is room"));
    assert_eq!(usage.calls(), 0, "an answer that nobody wants is over");
    assert_eq!(world.call("GET", "/bff/acme.todos/todos/4").await.status(), 200);
    let lines: Vec<_> = upstream.arrived().into_iter().map(|arrived| arrived.line).collect();
    assert_eq!(
        lines,
        ["1", "3", "4"].map(|n| format!("GET /todos/{n} HTTP/1.1")),
        "nothing of what was refused"
    );
}

#[tokio::test]
async fn one_session_is_refused_with_429() {
    let upstream = Upstream::start(vec![slow()]).await;
    let (world, _) = world(&upstream, Quota { concurrent_per_session: Some(1), ..Quota::default() });
    let _begun = world.begin(request("GET", "/bff/acme.todos/todos/1", &[])).await.expect("there is room");
    let refused = world.call("GET", "/bff/acme.todos/todos/2").await;
    assert_eq!((refused.status(), refused.problem()), (429, "quota-concurrent-per-session"));
}

#[tokio::test]
async fn bytes_count_in_both_directions_and_what_has_begun_is_not_cut() {
    let upstream = Upstream::start(vec![answer("200 OK", &[], &"x".repeat(600))]).await;
    let (world, _) = world(&upstream, Quota { bytes_per_minute: Some(1_000), ..Quota::default() });
    let sent = with_body("POST", "/bff/acme.todos/todos", &[], &"y".repeat(500));
    assert_eq!(world.send(sent).await.status(), 200, "1,100 bytes, the last of them beyond the quota");
    let refused = world.call("GET", "/bff/acme.todos/todos/2").await;
    assert_eq!((refused.status(), refused.problem()), (503, "quota-bytes-per-minute"));
    let exceeded = QuotaExceeded::BytesPerMinute(1_000, Duration::from_secs(6));
    assert_eq!(exceeded.retry_after(), Some(Duration::from_secs(6)));
    assert_eq!(upstream.arrived().len(), 1);
}

#[tokio::test]
async fn an_answer_that_says_it_is_too_long_is_refused_at_once() {
    let upstream = Upstream::start(vec![answer("200 OK", &[], &"x".repeat(101)), ok()]).await;
    let (world, usage) = world(&upstream, Quota { answer_bytes: Some(100), ..Quota::default() });
    let refused = world.call("GET", "/bff/acme.todos/todos/1").await;
    assert_eq!((refused.status(), refused.problem()), (502, "quota-answer-bytes"));
    assert_eq!(usage.calls(), 0);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos/2").await.status(), 200);
    assert_ne!(
        upstream.arrived()[0].connection,
        upstream.arrived()[1].connection,
        "the rest of it is read by nobody"
    );
}

#[tokio::test]
async fn an_answer_that_grows_too_long_is_cut() {
    let chunks = "40\r\n".to_owned() + &"x".repeat(64) + "\r\n";
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    let upstream =
        Upstream::start(vec![Reply::Slowly(head + &chunks, Duration::from_millis(20), chunks)]).await;
    let (world, usage) = world(&upstream, Quota { answer_bytes: Some(100), ..Quota::default() });
    let begun = world.begin(request("GET", "/bff/acme.todos/todos/1", &[])).await.expect("it begins");
    let error = begun.into_body().collect().await.expect_err("is cut");
    assert!(matches!(error, ResponseBodyError::Quota(QuotaExceeded::AnswerBytes(100))), "{error}");
    assert_eq!(usage.calls(), 0);
}

#[tokio::test]
async fn the_length_that_head_tells_is_no_answer() {
    let head = Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n".to_owned());
    let upstream = Upstream::start(vec![head]).await;
    let (world, usage) = world(&upstream, Quota { answer_bytes: Some(100), ..Quota::default() });
    assert_eq!(world.call("HEAD", "/bff/acme.todos/todos/1").await.status(), 200);
    assert_eq!(usage.calls(), 0);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_cut_and_an_event_stream_is_not() {
    let slowly = |kind: &str| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: 4\r\n\r\nfi");
        Reply::Slowly(head, Duration::from_millis(600), "ne".to_owned())
    };
    let upstream = Upstream::start(vec![slowly("text/plain"), slowly("text/event-stream")]).await;
    let time = Duration::from_millis(200);
    let (world, usage) = world(&upstream, Quota { answer_time: Some(time), ..Quota::default() });
    let begun = world.begin(request("GET", "/bff/acme.todos/todos/1", &[])).await.expect("it begins");
    let error = begun.into_body().collect().await.expect_err("is cut");
    assert!(matches!(error, ResponseBodyError::Quota(QuotaExceeded::AnswerTime(_))), "{error}");
    assert_eq!(usage.calls(), 0);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos/2").await.status(), 200);
}

#[tokio::test]
async fn an_upload_may_not_go_on_for_ever() {
    let upstream = Upstream::start(vec![Reply::Hang]).await;
    let time = Duration::from_millis(200);
    let (world, usage) = world(&upstream, Quota { answer_time: Some(time), ..Quota::default() });
    let sent = with_body("POST", "/bff/acme.todos/todos", &[], "a whole body");
    let refused = world.send(sent).await;
    assert_eq!((refused.status(), refused.problem()), (504, "quota-answer-seconds"));
    assert_eq!(usage.calls(), 0);
}
