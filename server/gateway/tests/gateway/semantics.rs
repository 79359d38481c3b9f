//! What HTTP promises end to end passes untouched in both directions (RFC 9110).

use crate::world::{Reply, Upstream, World, answer, request, with_body};

const TODO: &str = "/bff/acme.todos/todos/7";

#[tokio::test]
async fn ranges_and_conditions_pass_untouched() {
    let partial = answer("206 Partial Content", &["content-range: bytes 2-4/10", "etag: \"a\""], "234");
    let beyond = answer("416 Range Not Satisfiable", &["content-range: bytes */10"], "");
    let same = Reply::Bytes("HTTP/1.1 304 Not Modified\r\netag: W/\"a\"\r\n\r\n".to_owned());
    let lost = answer("412 Precondition Failed", &["etag: \"b\""], "");
    let upstream = Upstream::start(vec![partial, beyond, same, lost]).await;
    let world = World::before(&upstream);

    let asked = [("range", "bytes=2-4"), ("if-range", "\"a\"")];
    let seen = world.send(request("GET", TODO, &asked)).await;
    assert_eq!(
        (seen.status(), seen.response().headers()["content-range"].as_bytes()),
        (206, &b"bytes 2-4/10"[..])
    );
    assert_eq!(seen.response().body(), "234");
    assert_eq!(seen.response().headers()["etag"], "\"a\"");
    let seen = world.send(request("GET", TODO, &[("range", "bytes=90-")])).await;
    assert_eq!(
        (seen.status(), seen.response().headers()["content-range"].as_bytes()),
        (416, &b"bytes */10"[..])
    );
    let asked = [("if-none-match", "W/\"a\", \"b\""), ("if-modified-since", "Sat, 28 Nov 2026 08:49:37 GMT")];
    let seen = world.send(request("GET", TODO, &asked)).await;
    assert_eq!((seen.status(), seen.response().body().len()), (304, 0));
    assert_eq!(seen.response().headers()["etag"], "W/\"a\"");
    let seen = world.send(with_body("PUT", TODO, &[("if-match", "\"a\"")], "{}")).await;
    assert_eq!(seen.status(), 412);

    let arrived = upstream.arrived();
    let fields = |at: usize, name: &str| arrived[at].field(name).to_owned();
    assert_eq!((fields(0, "range"), fields(0, "if-range")), ("bytes=2-4".to_owned(), "\"a\"".to_owned()));
    assert_eq!(fields(1, "range"), "bytes=90-");
    assert_eq!(fields(2, "if-none-match"), "W/\"a\", \"b\"");
    assert_eq!(fields(2, "if-modified-since"), "Sat, 28 Nov 2026 08:49:37 GMT");
    assert_eq!(fields(3, "if-match"), "\"a\"");
    assert!(arrived.iter().all(|request| request.connection == 0), "none of them costs the connection");
}

#[tokio::test]
async fn compression_is_between_the_client_and_the_upstream() {
    let bytes = "\u{1}not really brotli\u{2}";
    let fields = ["content-encoding: br", "vary: accept-encoding"];
    let upstream = Upstream::start(vec![answer("200 OK", &fields, bytes)]).await;
    let world = World::before(&upstream);
    let seen = world.send(request("GET", TODO, &[("accept-encoding", "br;q=1, gzip;q=0.5, *;q=0")])).await;
    assert_eq!(seen.response().body(), bytes.as_bytes());
    assert_eq!(seen.response().headers()["content-encoding"], "br");
    assert_eq!(seen.response().headers()["content-length"], bytes.len().to_string());
    assert_eq!(seen.response().headers()["vary"], "accept-encoding");
    let seen = world.send(with_body("POST", TODO, &[("content-encoding", "gzip")], "\u{1}")).await;
    assert_eq!(seen.status(), 200);
    let arrived = upstream.arrived();
    assert_eq!(arrived[0].field("accept-encoding"), "br;q=1, gzip;q=0.5, *;q=0");
    assert_eq!(arrived[1].field("accept-encoding"), "", "the portal asks for nothing in its own name");
    assert_eq!((arrived[1].field("content-encoding"), arrived[1].body.as_slice()), ("gzip", &b"\x01"[..]));
}

#[tokio::test]
async fn interim_answers_stay_behind_and_answers_without_a_body_leave_the_connection_usable() {
    let interim = "HTTP/1.1 103 Early Hints\r\nlink: </evil.js>; rel=preload\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";
    let upstream = Upstream::start(vec![
        Reply::Bytes(format!("{interim}HTTP/1.1 100 Continue\r\n\r\n{last}")),
        // To a HEAD: the length of what a GET would get.
        Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 123\r\n\r\n".to_owned()),
        Reply::Bytes("HTTP/1.1 204 No Content\r\n\r\n".to_owned()),
        Reply::Bytes(last.to_owned()),
    ])
    .await;
    let world = World::before(&upstream);
    let seen = world.call("GET", TODO).await;
    assert_eq!((seen.status(), seen.response().body().as_ref()), (200, &b"fine"[..]));
    assert!(!seen.response().headers().contains_key("link"));
    let seen = world.call("HEAD", TODO).await;
    assert_eq!((seen.status(), seen.response().body().len()), (200, 0));
    assert_eq!(seen.response().headers()["content-length"], "123");
    let seen = world.call("DELETE", TODO).await;
    assert_eq!((seen.status(), seen.response().body().len()), (204, 0));
    assert!(!seen.response().headers().contains_key("content-length"), "{:?}", seen.response().headers());
    assert_eq!(world.call("GET", TODO).await.response().body(), "fine");
    let arrived = upstream.arrived();
    assert_eq!(arrived.len(), 4);
    assert!(arrived.iter().all(|request| request.connection == 0), "one connection served them all");
}

#[tokio::test]
async fn a_client_that_waits_to_be_told_to_go_on_is_the_portals_business() {
    let upstream = Upstream::start(vec![answer("201 Created", &[], "")]).await;
    let world = World::before(&upstream);
    let seen = world.send(with_body("POST", TODO, &[("expect", "100-continue")], &"x".repeat(100_000))).await;
    assert_eq!(seen.status(), 201);
    assert_eq!((upstream.only().field("expect"), upstream.only().body.len()), ("", 100_000));
}
