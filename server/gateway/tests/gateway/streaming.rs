use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use portico_gateway::{RemoteBackend, ResponseBodyError, SystemResolver};
use tokio::sync::mpsc;

use crate::world::{Reply, Upstream, World, answer, spec, with_body};

/// A body of unknown length that someone feeds.
struct Fed(mpsc::Receiver<Bytes>);

impl Body for Fed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn upload() -> (mpsc::Sender<Bytes>, Request<Fed>) {
    let (feed, body) = mpsc::channel(1);
    (feed, Request::post("/bff/acme.todos/todos").body(Fed(body)).expect("a request"))
}

#[tokio::test]
async fn an_answer_streams_while_the_upstream_still_writes() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n".to_owned();
    let reply = Reply::Slowly(head, Duration::from_secs(2), "6\r\nsecond\r\n0\r\n\r\n".to_owned());
    let upstream = Upstream::start(vec![reply]).await;
    let world = World::before(&upstream);
    let begin = Instant::now();
    let response = world.begin(with_body("GET", "/bff/acme.todos/todos", &[], "")).await.expect("an answer");
    let mut body = response.into_body();
    let first = body.frame().await.expect("a frame").expect("whole").into_data().expect("data");
    assert_eq!(first, "first");
    assert!(begin.elapsed() < Duration::from_secs(1), "the first piece did not wait for the second");
    let second = body.frame().await.expect("a frame").expect("whole").into_data().expect("data");
    assert_eq!(second, "second", "the deadline ends with the answer's head");
    assert!(body.frame().await.is_none());
    world.call("GET", "/bff/acme.todos/todos").await;
    assert_eq!(upstream.arrived()[1].connection, 0, "kept after a chunked answer");
}

#[tokio::test]
async fn an_upload_streams_and_a_slow_one_is_no_hanging_upstream() {
    let upstream = Upstream::start(vec![answer("201 Created", &[], "made")]).await;
    let world = World::before(&upstream);
    let (feed, request) = upload();
    let feeding = tokio::spawn(async move {
        for _ in 0..4 {
            // Four pauses of two thirds of the deadline.
            tokio::time::sleep(Duration::from_millis(1000)).await;
            feed.send(Bytes::from_static(b"piece")).await.expect("wanted");
        }
    });
    let seen = world.send(request).await;
    feeding.await.expect("fed");
    assert_eq!((seen.status(), seen.response().body().as_ref()), (201, &b"made"[..]));
    let arrived = upstream.only();
    assert_eq!(arrived.field("transfer-encoding"), "chunked");
    assert_eq!(String::from_utf8_lossy(&arrived.body).matches("piece").count(), 4);
}

#[tokio::test]
async fn an_upload_that_stands_still_is_ended() {
    let upstream = Upstream::start(vec![answer("201 Created", &[], "")]).await;
    let world = World::before(&upstream);
    let (feed, request) = upload();
    feed.send(Bytes::from_static(b"piece")).await.expect("wanted");
    let seen = world.send(request).await;
    drop(feed);
    assert_eq!(
        (seen.status(), seen.problem()),
        (408, "body-incomplete"),
        "the caller's doing, not the upstream's"
    );
}

#[tokio::test]
async fn a_small_body_that_does_not_arrive_is_408_and_nothing_leaves() {
    /// Declares ten bytes and never sends them.
    struct Withheld;
    impl Body for Withheld {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(10)
        }
    }
    let upstream = Upstream::start(vec![answer("201 Created", &[], "")]).await;
    let request = Request::post("/bff/acme.todos/todos").body(Withheld).expect("a request");
    assert_eq!(World::before(&upstream).send(request).await.status(), 408);
    assert_eq!(upstream.arrived().len(), 0);
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_the_upstream_call() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nbegin".to_owned();
    let upstream = Upstream::start(vec![Reply::Bytes(head), answer("200 OK", &[], "")]).await;
    let world = World::before(&upstream);
    let response = world.begin(with_body("GET", "/bff/acme.todos/todos", &[], "")).await.expect("an answer");
    drop(response);
    world.call("GET", "/bff/acme.todos/todos").await;
    assert_eq!(upstream.arrived()[1].connection, 1, "a connection with an unread answer is never used again");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_and_not_a_short_answer() {
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegin".to_owned();
    let upstream = Upstream::start(vec![Reply::Last(short)]).await;
    let world = World::before(&upstream);
    let response = world.begin(with_body("GET", "/bff/acme.todos/todos", &[], "")).await.expect("an answer");
    let error = response.into_body().collect().await.expect_err("not whole");
    assert!(matches!(error, ResponseBodyError::Broken(_)), "{error}");
    assert_eq!(upstream.arrived().len(), 1);
}

#[tokio::test]
async fn an_answer_that_pauses_for_too_long_is_given_up_unless_it_is_an_event_stream() {
    let begun = |kind: &str| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n"
        );
        Reply::Slowly(head, Duration::from_millis(900), "6\r\nsecond\r\n0\r\n\r\n".to_owned())
    };
    for (kind, whole) in [("text/event-stream; charset=utf-8", true), ("application/json", false)] {
        let upstream = Upstream::start(vec![begun(kind)]).await;
        let spec = spec(&format!("http://{}", upstream.address));
        let remote = RemoteBackend::compile(spec, Arc::new(SystemResolver)).expect("a good back end");
        let world = World::of(remote.with_pause_limit(Duration::from_millis(300)));
        let response =
            world.begin(with_body("GET", "/bff/acme.todos/todos", &[], "")).await.expect("an answer");
        let collected = response.into_body().collect().await;
        assert_eq!(collected.is_ok(), whole, "{kind}: {collected:?}");
        assert!(whole || matches!(collected, Err(ResponseBodyError::Paused(_))));
    }
}

#[tokio::test]
async fn a_large_answer_arrives_whole() {
    let body = "0123456789abcdef".repeat(1 << 17);
    let upstream = Upstream::start(vec![answer("200 OK", &[], &body)]).await;
    let world = World::before(&upstream);
    for _ in 0..3 {
        let seen = world.call("GET", "/bff/acme.todos/todos").await;
        assert!(seen.response().body() == body.as_bytes());
    }
    assert!(upstream.arrived().iter().all(|arrived| arrived.connection == 0));
}

#[tokio::test]
async fn a_body_of_known_length_keeps_it_and_an_empty_post_says_so() {
    let upstream = Upstream::start(vec![answer("200 OK", &[], "")]).await;
    let world = World::before(&upstream);
    let lies = [("content-length", "3"), ("transfer-encoding", "chunked"), ("expect", "100-continue")];
    world.send(with_body("POST", "/bff/acme.todos/todos", &lies, "twelve bytes")).await;
    world.send(with_body("POST", "/bff/acme.todos/todos", &[], &"x".repeat(70_000))).await;
    world.send(with_body("POST", "/bff/acme.todos/todos", &[], "")).await;
    let arrived = upstream.arrived();
    let lengths: Vec<&str> = arrived.iter().map(|request| request.field("content-length")).collect();
    assert_eq!(lengths, ["12", "70000", "0"]);
    assert!(arrived.iter().all(|request| request.field("transfer-encoding").is_empty()));
    assert!(arrived.iter().all(|request| request.field("expect").is_empty()));
}
