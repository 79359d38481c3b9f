use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http::Request;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::task::JoinSet;

use super::raw::{RawHttp2, Script};
use super::upstream::{Act, Http2Upstream, Terms, saying};
use super::{eventually, spec_h2c, world, world_at};
use crate::world::{Reply, Upstream, World, with_body};

/// So many POSTs at once, each with a body of its own; their statuses.
async fn posts(world: &Arc<World>, count: usize) -> Vec<u16> {
    let mut all = JoinSet::new();
    for number in 0..count {
        let world = Arc::clone(world);
        all.spawn(async move {
            let request = with_body("POST", "/bff/acme.todos/todos", &[], &format!("post-{number}"));
            world.send(request).await.status()
        });
    }
    all.join_all().await
}

fn each_once(taken: &[(usize, String)], count: usize) {
    let mut bodies: Vec<&str> = taken.iter().map(|(_, body)| body.as_str()).collect();
    bodies.sort_unstable();
    let before = bodies.len();
    bodies.dedup();
    assert_eq!((before, bodies.len()), (count, count), "each was taken once");
}

#[tokio::test]
async fn what_a_goaway_left_unprocessed_is_sent_again_whatever_its_method_and_nothing_twice() {
    let upstream =
        RawHttp2::start(vec![Script::GoAwayAfter(5), Script::GoAwayAfter(7), Script::AnswerAll]).await;
    let world = world(upstream.address);
    let statuses = posts(&world, 40).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    each_once(&upstream.taken(), 40);
    let untaken = upstream.untaken().len();
    println!("{untaken} requests were on their way when the upstream went away");
    assert!(untaken > 0, "some were on their way");
    let endpoint = &world.remote.snapshot().endpoints[0];
    assert_eq!(endpoint.failed, 0, "an upstream that goes away in order has not failed");
}

#[tokio::test]
async fn what_is_refused_is_sent_again_and_an_upstream_that_refuses_everything_is_busy() {
    let upstream = RawHttp2::start(vec![Script::RefuseAfter(3)]).await;
    let good = RawHttp2::start(vec![Script::AnswerAll]).await;
    let world = world_at(&[upstream.address, good.address]);
    for number in 0..20 {
        let request = with_body("POST", "/bff/acme.todos/todos", &[], &format!("post-{number}"));
        assert_eq!(world.send(request).await.status(), 200);
    }
    each_once(&[upstream.taken(), good.taken()].concat(), 20);
    assert!(!upstream.untaken().is_empty(), "some were refused");

    let refusing = RawHttp2::start(vec![Script::RefuseAfter(0)]).await;
    let world = super::world(refusing.address);
    let seen = world.send(with_body("POST", "/bff/acme.todos/todos", &[], "new")).await;
    assert_eq!((seen.status(), seen.problem(), seen.attempts), (503, "upstream-unprocessed", 4));
    assert_eq!(refusing.untaken().len(), 4);

    // What is not at hand any more cannot be sent again: its caller is told that nothing was done.
    let pieces =
        futures::stream::iter([Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from("piece")))]);
    let request = Request::post("/bff/acme.todos/todos").body(StreamBody::new(pieces)).expect("a request");
    let seen = super::world(refusing.address).send(request).await;
    assert_eq!((seen.status(), seen.problem(), seen.attempts), (503, "upstream-unprocessed", 1));
}

#[tokio::test]
async fn a_reset_is_a_failure_of_its_own_call_and_a_post_is_not_repeated() {
    let upstream = Http2Upstream::start(Terms::default(), |arrived| match arrived.path() {
        "/todos/reset" => Act::Reset(Reason::INTERNAL_ERROR),
        _ => saying("fine"),
    })
    .await;
    let world = world(upstream.address);
    let seen = world.send(with_body("POST", "/bff/acme.todos/todos/reset", &[], "new")).await;
    assert_eq!((seen.status(), seen.problem(), seen.attempts), (502, "upstream-reset", 1));
    let seen = world.call("GET", "/bff/acme.todos/todos/reset").await;
    assert_eq!((seen.status(), seen.attempts), (502, 3), "a GET is tried again");
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    assert_eq!(upstream.connections(), 1, "the connection goes on");
}

#[tokio::test]
async fn a_connection_that_breaks_under_many_calls_is_one_failure() {
    let upstream = Http2Upstream::start(Terms::default(), |_| Act::Hang).await;
    let mut spec = spec_h2c(upstream.address);
    spec.retries = 0;
    spec.timeout = Duration::from_secs(20);
    let world = Arc::new(World::with(spec));
    let calls = tokio::spawn({
        let world = Arc::clone(&world);
        async move { posts(&world, 30).await }
    });
    eventually("all are under way", || upstream.under_way() == 30).await;
    upstream.kill();
    assert_eq!(calls.await.expect("no panic"), [502; 30]);
    let snapshot = world.remote.snapshot();
    assert_eq!((snapshot.endpoints[0].failed, snapshot.failed), (1, 1));
    assert_eq!(snapshot.breaker.as_str(), "closed");
}

#[tokio::test]
async fn a_connection_that_hangs_is_found_and_the_next_call_gets_another() {
    let upstream = RawHttp2::start(vec![Script::Silent, Script::AnswerAll]).await;
    let mut spec = spec_h2c(upstream.address);
    spec.timeout = Duration::from_secs(60);
    spec.retries = 1;
    let world = World::with(spec);
    // Its deadline is far away: what ends it is that nobody answers a ping.
    let seen = world.call("GET", "/bff/acme.todos/todos").await;
    assert_eq!((seen.status(), seen.attempts), (200, 2));
    assert_eq!(upstream.taken().len(), 1);
}

#[tokio::test]
async fn fields_that_http2_does_not_have_make_an_answer_unusable() {
    let long = "x".repeat(100);
    for (name, value) in [
        ("X-Upper", "1"),
        ("connection", "x-secret"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("keep-alive", "timeout=5"),
        ("x-split", "a\r\nset-cookie: theirs=1"),
        ("x-nul", "a\0b"),
        ("x y", "1"),
    ] {
        let fields = vec![(name.to_owned(), value.to_owned()), ("x-after".to_owned(), long.clone())];
        let upstream = RawHttp2::start(vec![Script::Fields(fields)]).await;
        let seen = world(upstream.address).send(with_body("POST", "/bff/acme.todos/todos", &[], "new")).await;
        assert_eq!(seen.status(), 502, "{name}: {seen:?}");
        assert_eq!(seen.problem(), "upstream-answer", "{name}");
        assert_eq!(upstream.taken().len(), 1, "{name}: it is not asked twice");
    }
}

#[tokio::test]
async fn what_speaks_no_http2_is_found_out_before_a_call_is_sent() {
    let upstream = Upstream::start(vec![Reply::Last("HTTP/1.1 400 Bad Request\r\n\r\n".to_owned())]).await;
    let seen = world(upstream.address).send(with_body("POST", "/bff/acme.todos/todos", &[], "secret")).await;
    assert_eq!((seen.status(), seen.problem()), (502, "upstream-unreachable"), "{seen:?}");
    assert!(
        upstream.arrived().iter().all(|arrived| arrived.line.starts_with("PRI ")),
        "nothing but the preface"
    );
}
