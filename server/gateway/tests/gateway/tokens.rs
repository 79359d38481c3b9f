use std::sync::atomic::Ordering;

use portico_gateway::TokenError;

use crate::world::{Upstream, World, answer, ok, with_body};

fn unauthorized() -> crate::world::Reply {
    answer("401 Unauthorized", &["www-authenticate: Bearer error=\"invalid_token\""], "")
}

#[tokio::test]
async fn a_refused_token_is_exchanged_afresh_once_and_the_call_sent_again() {
    let upstream = Upstream::start(vec![unauthorized(), ok()]).await;
    let world = World::before(&upstream);
    let seen = world.send(with_body("POST", "/bff/acme.todos/todos", &[("x-kept", "1")], "{}")).await;
    assert_eq!(seen.status(), 200);
    let arrived = upstream.arrived();
    let tokens: Vec<&str> = arrived.iter().map(|request| request.field("authorization")).collect();
    assert_eq!(tokens, ["Bearer t1", "Bearer t2"]);
    assert_eq!(arrived[1].body, b"{}");
    assert_eq!(arrived[1].field("x-kept"), "1");
    assert_eq!(arrived[1].field("content-length"), "2");
    assert_eq!(seen.attempts, 2);
}

#[tokio::test]
async fn a_second_refusal_is_502_and_never_the_callers_401() {
    let upstream = Upstream::start(vec![unauthorized()]).await;
    let world = World::before(&upstream);
    let seen = world.call("GET", "/bff/acme.todos/todos").await;
    assert_eq!((seen.status(), seen.problem()), (502, "upstream-token"));
    assert_eq!(upstream.arrived().len(), 2);
    assert_eq!(world.tokens.exchanged.load(Ordering::SeqCst), 2, "one fresh exchange");
}

#[tokio::test]
async fn a_body_that_was_streamed_is_not_sent_again_but_the_next_call_has_a_fresh_token() {
    let upstream = Upstream::start(vec![unauthorized(), ok()]).await;
    let world = World::before(&upstream);
    let large = "x".repeat(100_000);
    let seen = world.send(with_body("POST", "/bff/acme.todos/todos", &[], &large)).await;
    assert_eq!((seen.status(), seen.problem()), (502, "upstream-token"));
    assert_eq!(upstream.arrived().len(), 1);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    assert_eq!(upstream.arrived()[1].field("authorization"), "Bearer t2");
}

#[tokio::test]
async fn a_401_on_a_public_route_is_not_taken_for_the_end_of_the_session() {
    let upstream = Upstream::start(vec![unauthorized()]).await;
    let seen = World::before(&upstream).call("GET", "/bff/acme.todos/public/x").await;
    assert_eq!(seen.status(), 502);
    assert_eq!(upstream.arrived().len(), 1);
}

#[tokio::test]
async fn a_403_from_the_upstream_passes_and_exchanges_nothing() {
    let upstream = Upstream::start(vec![answer("403 Forbidden", &[], "no")]).await;
    let world = World::before(&upstream);
    let seen = world.call("GET", "/bff/acme.todos/todos").await;
    assert_eq!((seen.status(), seen.response().body().as_ref()), (403, &b"no"[..]));
    assert_eq!(world.tokens.exchanged.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_a_token_nothing_leaves() {
    for (error, status) in
        [(TokenError::SessionOver, 401), (TokenError::Refused, 403), (TokenError::Unavailable, 502)]
    {
        let upstream = Upstream::start(vec![ok()]).await;
        let mut world = World::before(&upstream);
        world.tokens.error = Some(error);
        assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), status);
        assert_eq!(upstream.arrived().len(), 0);
    }
}

#[test]
fn a_token_is_not_shown_by_debug_output() {
    let token = portico_gateway::BearerToken::new("secret").expect("fits");
    assert_eq!(format!("{token:?}"), "BearerToken(…)");
    assert!(portico_gateway::BearerToken::new("a b").is_err());
    assert!(portico_gateway::BearerToken::new("a\r\nx: y").is_err());
    assert!(portico_gateway::BearerToken::new("").is_err());
}
