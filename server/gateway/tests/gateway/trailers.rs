//! Trailer fields (RFC 9110, section 6.5), over both versions of HTTP and in both directions.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};

use crate::http2::upstream::{Act, Http2Upstream, Terms, saying};
use crate::http2::world as world_h2c;
use crate::world::{Reply, Upstream, World, request};

/// An answer over HTTP/1.1 with these trailers.
fn chunked(announced: &str, trailers: &[&str]) -> Reply {
    let lines: String = trailers.iter().map(|line| format!("{line}\r\n")).collect();
    Reply::Bytes(format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n{announced}\r\n4\r\nfine\r\n0\r\n{lines}\r\n"
    ))
}

/// What a browser gets: the head, the body, the trailers.
async fn answer(world: &World, path: &str) -> Response<(Bytes, HeaderMap)> {
    let response = world.begin(request("GET", path, &[("te", "trailers")])).await.expect("an answer");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("whole");
    let trailers = body.trailers().cloned().unwrap_or_default();
    Response::from_parts(head, (body.to_bytes(), trailers))
}

fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let field = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    fields.iter().map(field).collect()
}

#[tokio::test]
async fn an_answers_trailers_reach_the_browser_but_for_what_an_answers_fields_may_not() {
    let announced = "connection: x-hop\r\ntrailer: Server-Timing, X-Checksum, Set-Cookie, X-Hop\r\n";
    let lines = [
        "Server-Timing: db;dur=5",
        "X-Checksum: 7",
        "Set-Cookie: theirs=1",
        "Content-Security-Policy: default-src *",
        "X-Portico-Trace: mine",
        "Content-Length: 3",
        "X-Hop: 1",
        "X-Powered-By: theirs",
    ];
    let upstream = Upstream::start(vec![chunked(announced, &lines)]).await;
    let world = World::before(&upstream);
    let expected = map(&[("server-timing", "db;dur=5"), ("x-checksum", "7")]);
    for _ in 0..3 {
        let seen = answer(&world, "/bff/acme.todos/todos").await;
        assert_eq!(seen.body(), &(Bytes::from_static(b"fine"), expected.clone()));
        assert_eq!(seen.headers()["trailer"], "server-timing, x-checksum");
    }
    let arrived = upstream.arrived();
    assert!(arrived.iter().all(|one| one.connection == 0), "the connection is kept");
    assert_eq!((arrived[0].field("te"), arrived[0].field("connection")), ("trailers", "te"));

    let fields = vec![("trailer", "x-checksum, set-cookie".to_owned())];
    let trailers = vec![("x-checksum", "7"), ("set-cookie", "theirs=1"), ("grpc-status", "0")];
    let act = Act::Answer(fields, "fine".into(), trailers);
    let upstream = Http2Upstream::start(Terms::default(), move |_| act.clone()).await;
    let seen = answer(&world_h2c(upstream.address), "/bff/acme.todos/todos").await;
    let expected = map(&[("x-checksum", "7"), ("grpc-status", "0")]);
    assert_eq!(seen.body(), &(Bytes::from_static(b"fine"), expected));
    assert_eq!(seen.headers()["trailer"], "x-checksum");
    let arrived = upstream.only();
    assert_eq!((arrived.field("te"), arrived.field("connection")), ("trailers", ""));
}

#[tokio::test]
async fn trailers_without_a_body_and_trailers_of_which_nothing_is_left() {
    let act = Act::Answer(Vec::new(), "".into(), vec![("grpc-status", "5")]);
    let upstream = Http2Upstream::start(Terms::default(), move |_| act.clone()).await;
    let seen = answer(&world_h2c(upstream.address), "/bff/acme.todos/todos").await;
    assert_eq!(seen.body(), &(Bytes::new(), map(&[("grpc-status", "5")])));

    let large = format!("x-large: {}", "x".repeat(9_000));
    for lines in [&["set-cookie: theirs=1"][..], &[&large, "x-checksum: 7"]] {
        let upstream = Upstream::start(vec![chunked("trailer: set-cookie\r\n", lines)]).await;
        let seen = answer(&World::before(&upstream), "/bff/acme.todos/todos").await;
        assert_eq!(seen.body(), &(Bytes::from_static(b"fine"), HeaderMap::new()));
        assert!(!seen.headers().contains_key("trailer"));
    }
}

#[tokio::test]
async fn an_upstream_is_told_that_trailers_are_taken_only_where_the_browser_takes_them() {
    let upstream = Upstream::start(vec![chunked("", &[])]).await;
    let world = World::before(&upstream);
    for te in ["trailers", "gzip, TRAILERS", "gzip", "trailers-not"] {
        world.send(request("GET", "/bff/acme.todos/todos", &[("te", te), ("connection", "te")])).await;
    }
    world.call("GET", "/bff/acme.todos/todos").await;
    let arrived = upstream.arrived();
    let said: Vec<_> = arrived.iter().map(|one| (one.field("te"), one.field("connection"))).collect();
    let (yes, no) = (("trailers", "te"), ("", ""));
    assert_eq!(said, [yes, yes, no, no, no]);
}

/// A request whose body is followed by trailers, announced by `Trailer`; of known length where `length` says so.
fn upload(
    announced: &str,
    trailers: HeaderMap,
    has_length: bool,
) -> Request<impl http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static> {
    struct Sized<B>(B, bool);
    impl<B: http_body::Body + Unpin> http_body::Body for Sized<B> {
        type Data = B::Data;
        type Error = B::Error;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<B::Data>, B::Error>>> {
            std::pin::Pin::new(&mut self.0).poll_frame(cx)
        }
        fn size_hint(&self) -> http_body::SizeHint {
            if self.1 { http_body::SizeHint::with_exact(4) } else { http_body::SizeHint::default() }
        }
    }
    let frames = [Ok(Frame::data(Bytes::from_static(b"body"))), Ok(Frame::trailers(trailers))];
    let body = Sized(StreamBody::new(futures::stream::iter(frames)), has_length);
    let request = Request::post("/bff/acme.todos/todos").header("trailer", announced);
    request.header("connection", "x-hop").body(body).expect("a request")
}

#[tokio::test]
async fn a_requests_trailers_reach_the_upstream_but_for_what_a_requests_fields_may_not() {
    let announced = "X-Checksum, Authorization, X-User-Id, X-Hop, Transfer-Encoding";
    let trailers = map(&[
        ("x-checksum", "7"),
        ("authorization", "Bearer mine"),
        ("x-user-id", "alice"),
        ("x_user", "alice"),
        ("x-hop", "1"),
        ("transfer-encoding", "chunked"),
        ("traceparent", "00-mine"),
        ("forwarded", "for=1.2.3.4"),
    ]);
    for has_length in [false, true] {
        let upstream = Upstream::start(vec![crate::world::ok()]).await;
        let world = World::before(&upstream);
        assert_eq!(world.send(upload(announced, trailers.clone(), has_length)).await.status(), 200);
        let arrived = upstream.only();
        assert_eq!(arrived.field("trailer"), "x-checksum");
        assert_eq!((arrived.field("transfer-encoding"), arrived.field("content-length")), ("chunked", ""));
        let body = String::from_utf8(arrived.body).expect("text");
        assert_eq!(body, "4\r\nbody\r\n0\r\nx-checksum: 7\r\n\r\n");

        let upstream = Http2Upstream::start(Terms::default(), |_| saying("fine")).await;
        let world = world_h2c(upstream.address);
        assert_eq!(world.send(upload(announced, trailers.clone(), has_length)).await.status(), 200);
        let arrived = upstream.only();
        assert_eq!((arrived.body.as_ref(), arrived.field("trailer")), (&b"body"[..], "x-checksum"));
        assert_eq!(arrived.trailers, map(&[("x-checksum", "7")]));
    }
}
