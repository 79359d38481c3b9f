use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use portico_gateway::ResponseBodyError;
use tokio::time::timeout;

use super::upstream::{Act, Http2Upstream, Terms, saying};
use super::{eventually, world};
use crate::world::with_body;

/// A body of so many pieces of 16 KiB and unknown length.
fn pieces(count: usize) -> impl http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static {
    let piece = Bytes::from(vec![7_u8; 16 * 1024]);
    StreamBody::new(futures::stream::iter((0..count).map(move |_| Ok(Frame::data(piece.clone())))))
}

#[tokio::test]
async fn large_bodies_arrive_whole_in_both_directions() {
    let large = "0123456789abcdef".repeat(1 << 18);
    let answer = Bytes::from(large.clone());
    let upstream = Http2Upstream::start(Terms::default(), move |_| saying(answer.clone())).await;
    let world = world(upstream.address);
    let seen = world.send(with_body("POST", "/bff/acme.todos/todos", &[], &large)).await;
    assert!(seen.response().body() == large.as_bytes());
    let unknown = Request::post("/bff/acme.todos/todos").body(pieces(300)).expect("a request");
    assert!(world.send(unknown).await.response().body() == large.as_bytes());
    let arrived = upstream.arrived();
    assert!(arrived[0].body == large.as_bytes());
    assert_eq!((arrived[1].body.len(), arrived[1].field("content-length")), (300 * 16 * 1024, ""));
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_reader_who_stands_still_holds_up_its_own_answer_and_no_other() {
    let large = Bytes::from(vec![7_u8; 4 << 20]);
    let upstream = Http2Upstream::start(Terms::default(), move |arrived| match arrived.path() {
        "/todos/large" => saying(large.clone()),
        _ => saying("fine"),
    })
    .await;
    let world = world(upstream.address);
    let mut stalled = Vec::new();
    for _ in 0..40 {
        let request = with_body("GET", "/bff/acme.todos/todos/large", &[], "");
        stalled.push(world.begin(request).await.expect("an answer"));
    }
    for number in 0..20 {
        let seen = world.call("GET", &format!("/bff/acme.todos/todos/{number}")).await;
        assert_eq!(seen.response().body(), "fine");
    }
    assert_eq!((upstream.connections(), upstream.under_way()), (1, 40), "they wait, on the same connection");
    for response in stalled {
        let body = response.into_body().collect().await.expect("whole").to_bytes();
        assert_eq!(body.len(), 4 << 20);
    }
}

#[tokio::test]
async fn an_upload_waits_for_an_upstream_that_does_not_read() {
    let upstream = Http2Upstream::start(Terms::default(), |_| saying("fine")).await;
    let world = world(upstream.address);
    upstream.stall(true);
    let taken = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&taken);
    let piece = Bytes::from(vec![7_u8; 16 * 1024]);
    let stream = futures::stream::iter(0..1_000).map(move |_| {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok::<_, Infallible>(Frame::data(piece.clone()))
    });
    let request = Request::post("/bff/acme.todos/todos").body(StreamBody::new(stream)).expect("a request");
    let sending = tokio::spawn({
        let world = std::sync::Arc::clone(&world);
        async move { world.send(request).await.status() }
    });
    eventually("the upload begins", || upstream.read() > 0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let waiting = taken.load(std::sync::atomic::Ordering::SeqCst);
    assert!(waiting < 100, "{waiting} pieces were taken from a caller whose upstream reads none");
    upstream.stall(false);
    assert_eq!(sending.await.expect("no panic"), 200);
    assert_eq!(upstream.only().body.len(), 1_000 * 16 * 1024);
}

#[tokio::test]
async fn events_arrive_one_by_one_as_they_are_sent() {
    let events: Vec<Bytes> = (0..4).map(|number| Bytes::from(format!("data: {number}\n\n"))).collect();
    let kind = vec![("content-type", "text/event-stream".to_owned())];
    let act = Act::Drip(kind, events, Duration::from_millis(100));
    let upstream = Http2Upstream::start(Terms::default(), move |_| act.clone()).await;
    let world = world(upstream.address);
    let response = world.begin(with_body("GET", "/bff/acme.todos/todos", &[], "")).await.expect("an answer");
    let mut body = response.into_body();
    for number in 0..4 {
        assert_eq!(upstream.under_way(), 1, "the upstream is still at it");
        let frame = body.frame().await.expect("a frame").expect("whole");
        assert_eq!(frame.into_data().expect("data"), format!("data: {number}\n\n"));
    }
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_caller_that_goes_away_resets_its_stream_and_no_other() {
    let upstream = Http2Upstream::start(Terms::default(), |arrived| match arrived.path() {
        "/todos/hang" => Act::Hang,
        "/todos/drip" => {
            Act::Drip(Vec::new(), vec![Bytes::from_static(b"piece"); 500], Duration::from_millis(5))
        }
        _ => Act::After(Duration::from_millis(200), "fine".into()),
    })
    .await;
    let world = world(upstream.address);
    let other = tokio::spawn({
        let world = std::sync::Arc::clone(&world);
        async move { world.call("GET", "/bff/acme.todos/todos/1").await.response().body().clone() }
    });
    eventually("the other is under way", || upstream.under_way() == 1).await;
    // Before its answer.
    let hanging = world.call("GET", "/bff/acme.todos/todos/hang");
    assert!(timeout(Duration::from_millis(50), hanging).await.is_err());
    eventually("the stream is reset", || upstream.resets() == [h2::Reason::CANCEL]).await;
    // Within it.
    let request = with_body("GET", "/bff/acme.todos/todos/drip", &[], "");
    let mut response = world.begin(request).await.expect("an answer");
    response.body_mut().frame().await.expect("a frame").expect("whole");
    drop(response);
    eventually("the other one too", || upstream.resets().len() == 2).await;
    assert_eq!(other.await.expect("no panic"), "fine");
    assert_eq!(upstream.connections(), 1);
    assert_eq!(world.remote.snapshot().endpoints[0].outstanding, 0);
}

#[tokio::test]
async fn a_caller_whose_body_breaks_off_is_told_so_and_the_upstream_never_takes_it_for_whole() {
    let upstream = Http2Upstream::start(Terms::default(), |_| saying("fine")).await;
    let world = world(upstream.address);
    let frames = futures::stream::iter([Ok(Frame::data(Bytes::from_static(b"begin"))), Err("cut")]);
    let request = Request::post("/bff/acme.todos/todos").body(StreamBody::new(frames)).expect("a request");
    let seen = world.send(request).await;
    assert_eq!((seen.status(), seen.problem()), (400, "body-incomplete"));
    eventually("the stream is reset", || upstream.resets() == [h2::Reason::CANCEL]).await;
    assert!(upstream.arrived().is_empty());
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    assert_eq!((upstream.connections(), world.remote.snapshot().endpoints[0].failed), (1, 0));
}

#[tokio::test]
async fn an_answer_that_needs_no_more_of_the_request_is_an_answer() {
    let upstream = Http2Upstream::start(Terms::default(), |_| saying("fine")).await;
    let world = world(upstream.address);
    let endless = futures::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"more"))), ()))
    });
    let request = Request::post("/bff/acme.todos/todos/enough").body(StreamBody::new(endless));
    let seen = world.send(request.expect("a request")).await;
    assert_eq!((seen.status(), seen.response().body().as_ref()), (200, &b"enough"[..]));
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn an_answer_that_is_reset_is_an_error_and_not_a_short_answer() {
    let upstream = Http2Upstream::start(Terms::default(), |_| Act::Half).await;
    let world = world(upstream.address);
    let response = world.begin(with_body("GET", "/bff/acme.todos/todos", &[], "")).await.expect("an answer");
    let error = response.into_body().collect().await.expect_err("not whole");
    assert!(matches!(error, ResponseBodyError::Broken(_)), "{error}");
}
