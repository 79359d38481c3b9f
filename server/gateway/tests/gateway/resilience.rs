//! Breaker, ejection, health checks, retry budget, concurrency limit and hedging, as callers and upstreams see them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use portico_gateway::{
    BackendSpec, BreakerState, BudgetSettings, CallError, ConcurrencySettings, EndpointState, ForwardError,
    HealthCheck, Place, RouteSpec,
};
use tokio::task::JoinSet;

use crate::world::{Reply, Seen, Upstream, World, answer, ok, spec, with_body};

const TODOS: &str = "/bff/acme.todos/todos";

fn spec_at(upstreams: &[&Upstream]) -> BackendSpec {
    let place = |upstream: &&Upstream| Place::parse(&upstream.address.to_string()).expect("a place");
    let mut spec = spec("http://todos.example");
    spec.addresses = upstreams.iter().map(place).collect();
    spec.resilience.breaker.probe_interval = Duration::from_millis(200);
    spec
}

/// Breaker off: for what shows only when it stays closed.
fn unbroken(mut spec: BackendSpec) -> BackendSpec {
    spec.resilience.breaker.consecutive = 0;
    spec.resilience.breaker.percent = 0;
    spec
}

async fn post(world: &World) -> Seen {
    world.send(with_body("POST", TODOS, &[], "{}")).await
}

async fn at_once(world: &Arc<World>, calls: usize) -> Vec<Seen> {
    let mut set = JoinSet::new();
    for _ in 0..calls {
        let world = Arc::clone(world);
        set.spawn(async move { world.call("GET", TODOS).await });
    }
    set.join_all().await
}

#[tokio::test]
async fn case_79_no_storm_of_401_403_404_429_or_500_opens_the_breaker() {
    for status in ["401 Unauthorized", "403 Forbidden", "404 Not Found", "429 Too Many", "500 Oops"] {
        let upstream = Upstream::start(vec![answer(status, &[], "")]).await;
        let world = Arc::new(World::with(spec_at(&[&upstream])));
        for _ in 0..60 {
            world.call("GET", TODOS).await;
        }
        let snapshot = world.remote.snapshot();
        assert_eq!(
            (snapshot.breaker, snapshot.opened, snapshot.refused),
            (BreakerState::Closed, 0, 0),
            "{status}"
        );
        assert!(upstream.arrived().len() >= 60, "every call reached it");
    }
}

#[tokio::test]
async fn a_breaker_opens_after_failures_in_a_row_and_calls_are_refused_without_a_word_to_the_upstream() {
    for (fault, slug) in [
        (Reply::Reset, Some("upstream-reset")),
        (Reply::Last("nonsense\r\n\r\n".to_owned()), Some("upstream-answer")),
        (answer("502 Bad Gateway", &[], ""), None),
        (answer("503 Service Unavailable", &[], ""), None),
    ] {
        let upstream = Upstream::start(vec![fault]).await;
        let mut spec = spec_at(&[&upstream]);
        spec.resilience.breaker.probe_interval = Duration::from_secs(600);
        let world = World::with(spec);
        for _ in 0..5 {
            let seen = post(&world).await;
            assert_eq!(seen.result.err().map(|error| error.slug()), slug);
        }
        for _ in 0..10 {
            let seen = post(&world).await;
            assert_eq!((seen.status(), seen.problem(), seen.attempts), (503, "upstream-unavailable", 0));
            let after = seen.result.expect_err("refused").retry_after().expect("a time");
            assert!((590..=600).contains(&after.as_secs()), "{after:?}");
        }
        assert_eq!(upstream.arrived().len(), 5);
        let snapshot = world.remote.snapshot();
        assert_eq!((snapshot.opened, snapshot.failed, snapshot.refused), (1, 5, 10));
        assert!(snapshot.last_error.is_some_and(|error| !error.message.is_empty()));
    }
}

#[tokio::test]
async fn case_79_half_open_one_probe_reaches_the_upstream_and_its_answer_closes_the_breaker() {
    let well = Arc::new(AtomicBool::new(false));
    let upstream = Upstream::answering({
        let well = Arc::clone(&well);
        move |_| match well.load(Ordering::SeqCst) {
            false => Reply::Reset,
            true => Reply::Slowly(
                "HTTP/1.1 403 Forbidden\r\n".to_owned(),
                Duration::from_millis(100),
                "content-length: 0\r\n\r\n".to_owned(),
            ),
        }
    })
    .await;
    let mut spec = spec_at(&[&upstream]);
    spec.resilience.breaker.probe_interval = Duration::from_secs(2);
    let world = Arc::new(World::with(spec));
    for _ in 0..5 {
        assert_eq!(post(&world).await.status(), 502);
    }
    well.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let statuses: Vec<_> = at_once(&world, 50).await.iter().map(Seen::status).collect();
    assert_eq!(upstream.arrived().len(), 6, "one probe");
    assert_eq!(
        statuses.iter().filter(|status| **status == 403).count(),
        1,
        "which was answered: {statuses:?}"
    );
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 49);
    assert_eq!(world.remote.snapshot().breaker, BreakerState::Closed, "a 403 is an answer");
    assert!(at_once(&world, 50).await.iter().all(|seen| seen.status() == 403));
}

#[tokio::test]
async fn callers_who_upload_too_slowly_open_no_breaker() {
    /// Gives one piece and then nothing.
    struct Stalled(bool);
    impl http_body::Body for Stalled {
        type Data = Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            match std::mem::replace(&mut self.0, true) {
                false => {
                    std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(b"piece")))))
                }
                true => std::task::Poll::Pending,
            }
        }
    }
    let upstream = Upstream::start(vec![ok()]).await;
    let mut spec = spec_at(&[&upstream]);
    spec.timeout = Duration::from_millis(100);
    let world = World::with(spec);
    for _ in 0..8 {
        let request = Request::post(TODOS).body(Stalled(false)).expect("a request");
        assert_eq!(world.send(request).await.status(), 408);
    }
    assert_eq!(world.remote.snapshot().failed, 0);
}

#[tokio::test]
async fn a_route_may_have_a_time_limit_of_its_own() {
    let upstream = Upstream::start(vec![Reply::Hang]).await;
    let mut spec = spec_at(&[&upstream]);
    spec.timeout = Duration::from_secs(600);
    spec.routes[0].timeout = Some(Duration::from_millis(70));
    let seen = World::with(spec).call("GET", TODOS).await;
    assert!(matches!(seen.result, Err(CallError::Upstream(ForwardError::Timeout(70)))), "{seen:?}");
}

/// The to-dos with one route more, `GET /slow/**`, which has 60 ms.
fn with_slow_route(upstreams: &[&Upstream]) -> BackendSpec {
    let mut spec = spec_at(upstreams);
    let path = "/slow/**".to_owned();
    spec.routes.push(RouteSpec { path, timeout: Some(Duration::from_millis(60)), ..spec.routes[0].clone() });
    spec
}

const SLOW: &str = "/bff/acme.todos/slow/report";

#[tokio::test]
async fn whoever_makes_a_route_time_out_takes_that_route_from_its_callers_and_nothing_else() {
    for (late, slug) in
        [(Reply::Hang, Some("upstream-timeout")), (answer("504 Gateway Timeout", &[], ""), None)]
    {
        let upstream = Upstream::answering(move |arrived| match arrived.target().starts_with("/slow") {
            true => late.clone(),
            false => ok(),
        })
        .await;
        let mut spec = with_slow_route(&[&upstream]);
        spec.resilience.breaker.probe_interval = Duration::from_secs(600);
        let world = World::with(spec);
        // Nobody else calls meanwhile: there is no answer that would speak for the upstream.
        for _ in 0..5 {
            let seen = world.call("GET", SLOW).await;
            assert_eq!((seen.status(), seen.result.err().map(|error| error.slug())), (504, slug));
        }
        let refused = world.call("GET", SLOW).await;
        assert_eq!((refused.status(), refused.problem(), refused.attempts), (503, "upstream-unavailable", 0));
        let after = refused.result.expect_err("refused").retry_after().expect("a time");
        assert!((590..=600).contains(&after.as_secs()), "{after:?}");
        for _ in 0..10 {
            assert_eq!((world.call("GET", TODOS).await.status(), post(&world).await.status()), (200, 200));
        }
        let slow = upstream.arrived().iter().filter(|arrived| arrived.target().starts_with("/slow")).count();
        assert_eq!((slow, upstream.arrived().len()), (5, 25));
        let snapshot = world.remote.snapshot();
        assert_eq!((snapshot.breaker, snapshot.opened, snapshot.refused), (BreakerState::Closed, 1, 1));
        assert_eq!(snapshot.slow_routes, ["GET, HEAD /slow/**"]);
    }
}

#[tokio::test]
async fn a_slow_route_is_in_use_again_once_a_call_was_answered_in_time() {
    let well = Arc::new(AtomicBool::new(false));
    let upstream = Upstream::answering({
        let well = Arc::clone(&well);
        move |_| if well.load(Ordering::SeqCst) { ok() } else { Reply::Hang }
    })
    .await;
    let world = Arc::new(World::with(with_slow_route(&[&upstream])));
    for _ in 0..5 {
        assert_eq!(world.call("GET", SLOW).await.status(), 504);
    }
    well.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.call("GET", SLOW).await.status(), 200, "the probe");
    assert_eq!(world.call("GET", SLOW).await.status(), 200);
    assert!(world.remote.snapshot().slow_routes.is_empty());
}

#[tokio::test]
async fn a_probe_of_the_upstream_that_is_late_has_not_found_it_well() {
    let hangs = Arc::new(AtomicBool::new(false));
    let upstream = Upstream::answering({
        let hangs = Arc::clone(&hangs);
        move |_| if hangs.load(Ordering::SeqCst) { Reply::Hang } else { Reply::Reset }
    })
    .await;
    let mut spec = with_slow_route(&[&upstream]);
    spec.retries = 0;
    let world = World::with(spec);
    for _ in 0..5 {
        assert_eq!(post(&world).await.status(), 502);
    }
    hangs.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.call("GET", SLOW).await.status(), 504, "the probe");
    assert!(matches!(world.remote.snapshot().breaker, BreakerState::Open { .. }));
    assert_eq!(post(&world).await.status(), 503);
    assert_eq!(upstream.arrived().len(), 6);
}

#[tokio::test]
async fn an_endpoint_that_keeps_failing_is_left_out_for_a_while_and_then_tried_again() {
    let well = Arc::new(AtomicBool::new(false));
    let sick = Upstream::answering({
        let well = Arc::clone(&well);
        move |_| if well.load(Ordering::SeqCst) { ok() } else { answer("502 Bad Gateway", &[], "") }
    })
    .await;
    let good = Upstream::start(vec![ok()]).await;
    let mut spec = unbroken(spec_at(&[&sick, &good]));
    spec.resilience.ejection.base = Duration::from_secs(3);
    let world = World::with(spec);
    for _ in 0..60 {
        post(&world).await;
    }
    assert_eq!(sick.arrived().len(), 5, "left out after five failures in a row");
    let states: Vec<_> = world.remote.snapshot().endpoints.iter().map(|endpoint| endpoint.state).collect();
    assert_eq!(states, [EndpointState::Ejected, EndpointState::InService]);
    well.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(3)).await;
    for _ in 0..40 {
        assert_eq!(post(&world).await.status(), 200);
    }
    assert!(sick.arrived().len() > 5, "it is in service again");
}

#[tokio::test]
async fn never_are_more_than_a_share_of_the_endpoints_left_out() {
    let upstreams = [(); 4].map(|()| Upstream::start(vec![answer("502 Bad Gateway", &[], "")]));
    let [a, b, c, d] = upstreams;
    let upstreams = [a.await, b.await, c.await, d.await];
    let world = World::with(unbroken(spec_at(&upstreams.each_ref())));
    for _ in 0..200 {
        assert_eq!(post(&world).await.status(), 502);
    }
    let out =
        |state| world.remote.snapshot().endpoints.iter().filter(|endpoint| endpoint.state == state).count();
    assert_eq!((out(EndpointState::Ejected), out(EndpointState::InService)), (2, 2));
    let one = Upstream::start(vec![answer("502 Bad Gateway", &[], "")]).await;
    let world = World::with(unbroken(spec_at(&[&one])));
    for _ in 0..20 {
        post(&world).await;
    }
    assert_eq!(one.arrived().len(), 20, "the only one never is");
}

/// Waits until every endpoint's state is as expected.
async fn until(world: &World, expected: &[EndpointState]) {
    let states =
        || -> Vec<_> { world.remote.snapshot().endpoints.iter().map(|endpoint| endpoint.state).collect() };
    let wait = async {
        while states() != expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(20), wait).await;
    assert!(seen.is_ok(), "{:?} instead of {expected:?}", states());
}

#[tokio::test]
async fn health_checks_take_an_endpoint_out_before_a_call_meets_it_and_bring_it_back() {
    let well = Arc::new(AtomicBool::new(false));
    let sick = Upstream::answering({
        let well = Arc::clone(&well);
        move |arrived| match (arrived.target(), well.load(Ordering::SeqCst)) {
            ("/healthz", false) => answer("503 Service Unavailable", &[], ""),
            _ => ok(),
        }
    })
    .await;
    let good = Upstream::start(vec![ok()]).await;
    let mut spec = spec_at(&[&sick, &good]);
    let (interval, limit) = (Duration::from_millis(50), Duration::from_secs(5));
    spec.resilience.health = Some(HealthCheck { path: "/healthz".parse().expect("a path"), interval, limit });
    let world = World::with(spec);
    until(&world, &[EndpointState::Unhealthy, EndpointState::InService]).await;
    for _ in 0..20 {
        assert_eq!(world.call("GET", TODOS).await.status(), 200);
    }
    let arrived = sick.arrived();
    assert!(arrived.iter().all(|request| request.target() == "/healthz"), "no call went there");
    let check = &arrived[0];
    assert_eq!(
        (check.field("host"), check.field("authorization")),
        ("todos.example", ""),
        "nobody's credentials"
    );
    well.store(true, Ordering::SeqCst);
    until(&world, &[EndpointState::InService; 2]).await;
    for _ in 0..40 {
        assert_eq!(world.call("GET", TODOS).await.status(), 200);
    }
    assert!(sick.arrived().iter().any(|request| request.target() == "/todos"));
}

#[tokio::test]
async fn case_45_health_checks_go_to_allowed_addresses_only() {
    let upstream = Upstream::start(vec![ok()]).await;
    let mut spec = spec_at(&[&upstream]);
    spec.networks.clear();
    let (interval, limit) = (Duration::from_millis(10), Duration::from_secs(1));
    spec.resilience.health = Some(HealthCheck { path: "/healthz".parse().expect("a path"), interval, limit });
    let world = World::with(spec);
    until(&world, &[EndpointState::Unhealthy]).await;
    assert_eq!(upstream.arrived().len(), 0);
    assert_eq!(
        world.call("GET", TODOS).await.problem(),
        "upstream-refused",
        "it is tried where nothing else is left"
    );
}

#[tokio::test]
async fn a_healthy_endpoint_ends_the_wait_of_an_open_breaker() {
    let well = Arc::new(AtomicBool::new(false));
    let upstream = Upstream::answering({
        let well = Arc::clone(&well);
        move |_| if well.load(Ordering::SeqCst) { ok() } else { Reply::Reset }
    })
    .await;
    let mut spec = spec_at(&[&upstream]);
    spec.resilience.breaker.probe_interval = Duration::from_secs(600);
    let (interval, limit) = (Duration::from_millis(50), Duration::from_secs(5));
    spec.resilience.health = Some(HealthCheck { path: "/healthz".parse().expect("a path"), interval, limit });
    let world = World::with(spec);
    for _ in 0..6 {
        post(&world).await;
    }
    assert!(matches!(world.remote.snapshot().breaker, BreakerState::Open { .. }));
    well.store(true, Ordering::SeqCst);
    until(&world, &[EndpointState::InService]).await;
    let answered = async {
        while post(&world).await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), answered).await.expect("ten minutes were not waited for");
}

#[tokio::test]
async fn further_attempts_stay_within_a_share_of_the_answered_calls() {
    let mut script = vec![ok(); 20];
    script.push(Reply::Reset);
    let upstream = Upstream::start(script).await;
    let mut spec = unbroken(spec_at(&[&upstream]));
    spec.resilience.budget = BudgetSettings { percent: 10, per_second: 0 };
    let world = World::with(spec);
    for _ in 0..20 {
        assert_eq!(world.call("GET", TODOS).await.status(), 200);
    }
    for _ in 0..10 {
        assert_eq!(world.call("GET", TODOS).await.problem(), "upstream-reset");
    }
    assert_eq!(upstream.arrived().len(), 20 + 10 + 2);
    let snapshot = world.remote.snapshot();
    assert_eq!((snapshot.retries, snapshot.retries_denied), (2, 9), "one call had both, eight had none");
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_the_limit_and_the_others_are_told_at_once() {
    let upstream = Upstream::start(vec![Reply::Hang]).await;
    let mut spec = unbroken(spec_at(&[&upstream]));
    spec.timeout = Duration::from_secs(1);
    let wait = Duration::from_millis(1);
    spec.resilience.concurrency = ConcurrencySettings { min: 2, max: 10, queue: 3, wait };
    let world = Arc::new(World::with(spec));
    let seen = at_once(&world, 50).await;
    let count = |status| seen.iter().filter(|seen| seen.status() == status).count();
    assert_eq!((count(504), count(503)), (10, 40));
    assert!(seen.iter().all(|seen| seen.status() == 504 || seen.problem() == "upstream-busy"));
    assert_eq!(upstream.arrived().len(), 10, "the rest never left");
    let snapshot = world.remote.snapshot();
    assert_eq!((snapshot.shed, snapshot.in_flight, snapshot.queued), (40, 0, 0));
    assert!(snapshot.limit < 10, "time limits take from it: {}", snapshot.limit);
}

#[tokio::test]
async fn a_call_finds_a_place_when_another_is_answered() {
    let upstream = Upstream::start(vec![Reply::Slowly(
        "HTTP/1.1 200 OK\r\n".to_owned(),
        Duration::from_millis(20),
        "content-length: 0\r\n\r\n".to_owned(),
    )])
    .await;
    let mut spec = spec_at(&[&upstream]);
    let wait = Duration::from_secs(10);
    spec.resilience.concurrency = ConcurrencySettings { min: 1, max: 2, queue: 20, wait };
    let world = Arc::new(World::with(spec));
    assert!(at_once(&world, 20).await.iter().all(|seen| seen.status() == 200));
}

#[tokio::test]
async fn an_answer_that_streams_holds_no_place() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n".to_owned();
    let upstream = Upstream::start(vec![Reply::Slowly(head, Duration::from_secs(600), String::new())]).await;
    let mut spec = spec_at(&[&upstream]);
    let wait = Duration::from_millis(1);
    spec.resilience.concurrency = ConcurrencySettings { min: 1, max: 1, queue: 0, wait };
    let world = World::with(spec);
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(world.begin(with_body("GET", TODOS, &[], "")).await.expect("a place"));
    }
    let snapshot = world.remote.snapshot();
    assert_eq!((snapshot.in_flight, snapshot.endpoints[0].outstanding), (0, 10));
    drop(streams);
    assert_eq!(world.remote.snapshot().endpoints[0].outstanding, 0);
}

#[tokio::test]
async fn a_hedged_get_is_answered_by_the_other_endpoint_and_a_post_is_never_hedged() {
    let hanging = Upstream::start(vec![Reply::Hang]).await;
    let good = Upstream::start(vec![ok()]).await;
    let mut spec = unbroken(spec_at(&[&hanging, &good]));
    spec.resilience.ejection.consecutive = 0;
    spec.resilience.hedge_after = Some(Duration::from_millis(30));
    spec.timeout = Duration::from_secs(20);
    spec.resilience.budget = BudgetSettings { percent: 100, per_second: 30 };
    let world = World::with(spec);
    for _ in 0..20 {
        assert_eq!(world.call("GET", TODOS).await.status(), 200);
    }
    let hung = hanging.arrived().len();
    let snapshot = world.remote.snapshot();
    assert!(hung > 0 && snapshot.hedges >= hung as u64, "{hung} hung, {} hedged", snapshot.hedges);
    assert_eq!(snapshot.endpoints[0].outstanding, 0, "whoever lost is let go");

    let mut spec = unbroken(spec_at(&[&hanging, &good]));
    spec.resilience.hedge_after = Some(Duration::from_millis(1));
    spec.timeout = Duration::from_millis(200);
    let world = World::with(spec);
    for _ in 0..10 {
        assert_eq!(post(&world).await.attempts, 1);
    }
    assert_eq!(world.remote.snapshot().hedges, 0);
}
