//! Browsers of either version of HTTP in front of a service that speaks HTTP/2.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Version};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::Mutex;
use tokio::net::TcpListener;

use crate::test_app::{Http2Connection, TestApp};

/// What arrived: the head, the body, its trailers, and on which connection.
type Seen = (Request<()>, Bytes, HeaderMap, usize);

/// A service as hyper serves it, HTTP/2 with prior knowledge. It answers with the length of what it got, then a trailer.
async fn service() -> (SocketAddr, Arc<Mutex<Vec<Seen>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("bound");
    let seen = Arc::<Mutex<Vec<Seen>>>::default();
    let record = Arc::clone(&seen);
    tokio::spawn(async move {
        for number in 0.. {
            let Ok((stream, _)) = listener.accept().await else { return };
            let record = Arc::clone(&record);
            let answer = service_fn(move |request: Request<Incoming>| {
                let record = Arc::clone(&record);
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.expect("a whole body");
                    let trailers = body.trailers().cloned().unwrap_or_default();
                    let body = body.to_bytes();
                    let length = body.len();
                    record.lock().push((Request::from_parts(head, ()), body, trailers, number));
                    let trailers = HeaderMap::from_iter([(
                        HeaderName::from_static("x-checksum"),
                        HeaderValue::from(length),
                    )]);
                    let frames = [Frame::data(Bytes::from(length.to_string())), Frame::trailers(trailers)];
                    let body = StreamBody::new(futures::stream::iter(frames.map(Ok::<_, Infallible>)));
                    let answer =
                        Response::builder().header("trailer", "x-checksum").header("server", "theirs");
                    Ok::<_, Infallible>(answer.body(body).expect("an answer"))
                }
            });
            let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(http2.serve_connection(TokioIo::new(stream), answer));
        }
    });
    (addr, seen)
}

/// A portal that is configured to speak HTTP/2 to that service.
async fn portal(addr: SocketAddr) -> TestApp {
    TestApp::configured(|config| {
        let own = serde_json::json!({ "addresses": [addr.to_string()], "protocol": "h2" });
        config
            .gateway
            .upstreams
            .insert("acme.todos".to_owned(), serde_json::from_value(own).expect("settings"));
    })
    .await
}

#[tokio::test]
async fn a_browser_of_http1_is_answered_by_a_service_of_http2() {
    let (addr, seen) = service().await;
    let app = portal(addr).await;
    let bob = app.signed_in("bob").await;
    for length in [0, 5, 100_000] {
        let answer = bob.post("/bff/acme.todos/todos").body("text/plain", "x".repeat(length)).send().await;
        assert_eq!(answer.expect(200).text(), length.to_string());
        assert!(!answer.headers.contains_key("server"));
        answer.assert_security_headers();
    }
    let seen = seen.lock();
    assert!(
        seen.iter().all(|(head, _, _, connection)| head.version() == Version::HTTP_2 && *connection == 0)
    );
    let (head, body, ..) = &seen[2];
    assert_eq!(body.len(), 100_000);
    assert_eq!(
        head.uri().authority().expect("an authority").as_str(),
        app.todos.addr.to_string(),
        "who it is"
    );
    assert!(head.headers()["authorization"].as_bytes().starts_with(b"Bearer "));
    assert!(["host", "cookie", "connection"].iter().all(|name| !head.headers().contains_key(*name)));
    assert!(app.todos.seen().is_empty(), "it is called where the operator says, and nowhere else");
}

#[tokio::test]
async fn http2_on_both_sides_carries_bodies_and_trailers_both_ways() {
    let (addr, seen) = service().await;
    let app = portal(addr).await;
    let bob = app.signed_in("bob").await;
    let connection = Http2Connection::open(app.addr).await;
    let trailers = HeaderMap::from_iter([(HeaderName::from_static("x-sum"), HeaderValue::from_static("4"))]);
    let fields = [("te", "trailers"), ("trailer", "x-sum")];
    let answer = connection
        .send(&bob, Method::POST, "/bff/acme.todos/todos", &fields, "body", Some(trailers.clone()))
        .await;
    assert_eq!((answer.head.status().as_u16(), answer.body.as_ref()), (200, &b"4"[..]));
    assert_eq!(answer.trailers["x-checksum"], "4");
    let seen = seen.lock();
    assert_eq!((seen[0].1.as_ref(), &seen[0].2), (&b"body"[..], &trailers));
    assert_eq!(seen[0].0.headers()["te"], "trailers");
}
