use std::time::Duration;

use crate::world::{Reply, Upstream, World, ok, request, spec, with_body};

#[tokio::test]
async fn case_49_a_non_idempotent_request_is_never_sent_twice() {
    for reply in [Reply::Close, Reply::Reset, Reply::Bytes("HTTP/1.1 200".to_owned())] {
        let upstream = Upstream::start(vec![reply.clone(), ok()]).await;
        let world = World::before(&upstream);
        let begin = tokio::time::timeout(
            Duration::from_secs(4),
            world.send(with_body("POST", "/bff/acme.todos/todos", &[], "{\"title\":\"milk\"}")),
        );
        let seen = begin.await.expect("within the deadline");
        assert!(matches!(seen.status(), 502 | 504), "{reply:?}: {seen:?}");
        let arrived = upstream.only();
        assert_eq!(arrived.body, b"{\"title\":\"milk\"}");
    }
}

#[tokio::test]
async fn case_49_on_a_kept_connection_either() {
    let upstream = Upstream::start(vec![ok(), Reply::Close, ok()]).await;
    let world = World::before(&upstream);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    let seen = world.send(request("POST", "/bff/acme.todos/todos", &[])).await;
    assert_eq!((seen.status(), seen.problem()), (502, "upstream-reset"));
    let arrived = upstream.arrived();
    assert_eq!(arrived.len(), 2, "sent once: {arrived:?}");
    assert_eq!(arrived[1].connection, 0, "over the kept connection");
}

#[tokio::test]
async fn case_49_an_idempotent_request_with_a_body_is_not_repeated() {
    let upstream = Upstream::start(vec![Reply::Reset, ok()]).await;
    let seen = World::before(&upstream).send(with_body("PUT", "/bff/acme.todos/todos/7", &[], "{}")).await;
    assert_eq!(seen.problem(), "upstream-reset");
    assert_eq!(upstream.arrived().len(), 1);
}

#[tokio::test]
async fn an_idempotent_request_is_repeated_as_often_as_declared() {
    for method in ["GET", "DELETE"] {
        let upstream = Upstream::start(vec![Reply::Reset, Reply::Close, ok()]).await;
        let seen = World::before(&upstream).call(method, "/bff/acme.todos/todos/7").await;
        assert_eq!((seen.status(), seen.attempts), (200, 3), "{seen:?}");
        let arrived = upstream.arrived();
        assert_eq!(arrived.len(), 3);
        assert!(arrived.iter().all(|request| request.field("authorization") == "Bearer t1"));
        assert_eq!(arrived[0].fields, arrived[2].fields, "the same request each time");
    }
    let upstream = Upstream::start(vec![Reply::Reset]).await;
    assert_eq!(
        World::before(&upstream).call("GET", "/bff/acme.todos/todos/7").await.problem(),
        "upstream-reset"
    );
    assert_eq!(upstream.arrived().len(), 3, "once, and twice again");
}

#[tokio::test]
async fn no_retry_once_an_answer_has_begun_and_none_where_none_is_declared() {
    let broken = Reply::Bytes("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n".to_owned());
    let upstream = Upstream::start(vec![broken, ok()]).await;
    assert_eq!(World::before(&upstream).call("GET", "/bff/acme.todos/todos").await.status(), 500);
    assert_eq!(upstream.arrived().len(), 1);

    let upstream = Upstream::start(vec![Reply::Reset, ok()]).await;
    let mut spec = spec(&format!("http://{}", upstream.address));
    spec.retries = 0;
    assert_eq!(World::with(spec).call("GET", "/bff/acme.todos/todos").await.status(), 502);
    assert_eq!(upstream.arrived().len(), 1);
}

#[tokio::test]
async fn connections_are_kept_and_one_that_the_upstream_closed_is_not_used() {
    let closing = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let upstream = Upstream::start(vec![ok(), ok(), Reply::Bytes(closing.to_owned()), ok()]).await;
    let world = World::before(&upstream);
    for _ in 0..4 {
        assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    }
    let connections: Vec<usize> = upstream.arrived().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 0, 1]);
}

#[tokio::test]
async fn calls_at_the_same_time_take_a_connection_each_and_keep_them() {
    let upstream = Upstream::start(vec![ok()]).await;
    let world = std::sync::Arc::new(World::before(&upstream));
    for _ in 0..3 {
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let world = std::sync::Arc::clone(&world);
                tokio::spawn(async move { world.call("GET", "/bff/acme.todos/todos").await.status() })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.expect("no panic"), 200);
        }
    }
    let arrived = upstream.arrived();
    assert_eq!(arrived.len(), 60);
    let connections = arrived.iter().map(|request| request.connection).max().unwrap_or_default() + 1;
    assert!(connections <= 20, "{connections} connections for 20 calls at a time");
}
