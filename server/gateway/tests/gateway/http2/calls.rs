use std::sync::Arc;

use http::{Method, Version};
use tokio::task::JoinSet;

use super::upstream::{Act, Http2Upstream, Terms, saying};
use super::{spec_h2c, world};
use crate::world::{World, request, with_body};

#[tokio::test]
async fn a_call_is_made_in_the_words_of_http2() {
    let upstream = Http2Upstream::start(Terms::default(), |_| saying("fine")).await;
    let world = World::with(spec_h2c(upstream.address));
    let fields = [
        ("host", "evil.example"),
        ("connection", "keep-alive, x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
        ("upgrade-insecure-requests", "1"),
        ("transfer-encoding", "chunked"),
        ("te", "gzip"),
        ("proxy-connection", "keep-alive"),
        ("accept", "application/json"),
        ("cookie", "a=b"),
        ("authorization", "Bearer mine"),
    ];
    let seen = world.send(request("GET", "/bff/acme.todos/todos/a%20b?x=%2Fy&z", &fields)).await;
    assert_eq!((seen.status(), seen.response().body().as_ref()), (200, &b"fine"[..]));
    let arrived = upstream.only();
    assert!(arrived.body.is_empty() && arrived.trailers.is_empty());
    let head = &arrived.head;
    assert_eq!((head.method(), head.version()), (&Method::GET, Version::HTTP_2));
    assert_eq!(head.uri().to_string(), format!("http://{}/todos/a%20b?x=%2Fy&z", upstream.address));
    assert_eq!(arrived.field("authorization"), "Bearer t1");
    assert_eq!(arrived.field("accept"), "application/json");
    assert_eq!(arrived.field("x-forwarded-for"), "203.0.113.9");
    for name in
        ["host", "connection", "x-hop", "keep-alive", "transfer-encoding", "te", "proxy-connection", "cookie"]
    {
        assert!(!head.headers().contains_key(name), "{name} arrived");
    }
}

#[tokio::test]
async fn bodies_keep_their_length_and_an_empty_post_says_so() {
    let upstream = Http2Upstream::start(Terms::default(), |_| saying("")).await;
    let world = World::with(spec_h2c(upstream.address));
    for length in [12, 70_000, 0] {
        let body = "x".repeat(length);
        let seen = world.send(with_body("POST", "/bff/acme.todos/todos", &[], &body)).await;
        assert_eq!(seen.status(), 200);
    }
    world.send(with_body("DELETE", "/bff/acme.todos/todos/1", &[], "")).await;
    let arrived = upstream.arrived();
    let lengths: Vec<_> = arrived.iter().map(|one| (one.field("content-length"), one.body.len())).collect();
    assert_eq!(lengths, [("12", 12), ("70000", 70_000), ("0", 0), ("", 0)]);
}

#[tokio::test]
async fn many_calls_at_once_share_one_connection_from_the_first_on() {
    let upstream = Http2Upstream::start(Terms::default(), |arrived| saying(arrived.path().to_owned())).await;
    let world = world(upstream.address);
    for round in 0..3 {
        let mut calls = JoinSet::new();
        for number in 0..64 {
            let world = Arc::clone(&world);
            calls.spawn(async move {
                let seen = world.call("GET", &format!("/bff/acme.todos/todos/{round}-{number}")).await;
                assert_eq!(seen.response().body(), format!("/todos/{round}-{number}").as_bytes());
            });
        }
        calls.join_all().await;
    }
    assert_eq!((upstream.connections(), upstream.arrived().len()), (1, 192));
    let snapshot = world.remote.snapshot();
    let endpoint = &snapshot.endpoints[0];
    assert_eq!((endpoint.protocol, endpoint.connections, endpoint.outstanding), (Some("2"), 1, 0));
    let mut told = portico_telemetry::Exposition::default();
    world.remote.expose(&mut told);
    let sample =
        "portico_upstream_connections{portico_remote=\"acme.todos\",network_protocol_version=\"2\"} 1\n";
    assert!(told.render().contains(sample));
}

#[tokio::test]
async fn an_answer_is_cleaned_as_every_answer_is() {
    let fields = vec![
        ("set-cookie", "theirs=1".to_owned()),
        ("server", "theirs".to_owned()),
        ("x-frame-options", "DENY".to_owned()),
        ("x-total-count", "7".to_owned()),
    ];
    let act = Act::Answer(fields, "fine".into(), Vec::new());
    let upstream = Http2Upstream::start(Terms::default(), move |_| act.clone()).await;
    let seen = world(upstream.address).call("GET", "/bff/acme.todos/todos").await;
    let headers = seen.response().headers();
    assert_eq!(headers["x-total-count"], "7");
    for name in ["set-cookie", "server", "x-frame-options"] {
        assert!(!headers.contains_key(name), "{name} passed");
    }
}

#[tokio::test]
async fn answers_without_content_say_of_it_what_they_say() {
    let upstream = Http2Upstream::start(Terms::default(), |arrived| match arrived.head.method().as_str() {
        "HEAD" => Act::Answer(vec![("content-length", "1234".to_owned())], "".into(), Vec::new()),
        _ if arrived.field("if-none-match") == "\"a\"" => Act::Status(304),
        _ if arrived.field("range") == "bytes=0-0" => Act::Status(206),
        _ => Act::Status(204),
    })
    .await;
    let world = World::with(spec_h2c(upstream.address));
    let head = world.call("HEAD", "/bff/acme.todos/todos").await;
    assert_eq!((head.status(), head.response().body().len()), (200, 0));
    assert_eq!(head.response().headers()["content-length"], "1234");
    for (fields, status) in
        [(&[("if-none-match", "\"a\"")][..], 304), (&[("range", "bytes=0-0")], 206), (&[], 204)]
    {
        assert_eq!(world.send(request("GET", "/bff/acme.todos/todos", fields)).await.status(), status);
    }
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_refused_token_is_exchanged_anew_and_the_call_made_again() {
    let upstream = Http2Upstream::start(Terms::default(), |arrived| match arrived.field("authorization") {
        "Bearer t1" => Act::Status(401),
        _ => saying("fine"),
    })
    .await;
    let seen = world(upstream.address).send(with_body("POST", "/bff/acme.todos/todos", &[], "new")).await;
    assert_eq!(seen.response().body(), "fine");
    let arrived = upstream.arrived();
    assert_eq!(
        arrived.iter().map(|one| one.field("authorization")).collect::<Vec<_>>(),
        ["Bearer t1", "Bearer t2"]
    );
    assert!(arrived.iter().all(|one| one.body == "new" && one.connection == 0));
}
