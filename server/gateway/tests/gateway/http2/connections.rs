use std::sync::Arc;
use std::time::Duration;

use portico_gateway::HealthCheck;
use tokio::task::JoinSet;

use super::upstream::{Act, Http2Upstream, Terms, saying};
use super::{eventually, spec_h2c, world};
use crate::world::World;

fn slow(streams: u32) -> (Terms, Act) {
    let terms = Terms { streams: Some(streams), ..Terms::default() };
    (terms, Act::After(Duration::from_millis(100), "fine".into()))
}

async fn all_at_once(world: &Arc<World>, calls: usize) {
    let mut all = JoinSet::new();
    for number in 0..calls {
        let world = Arc::clone(world);
        all.spawn(async move {
            let seen = world.call("GET", &format!("/bff/acme.todos/todos/{number}")).await;
            assert_eq!((seen.status(), seen.attempts), (200, 1), "{seen:?}");
        });
    }
    all.join_all().await;
}

#[tokio::test]
async fn no_connection_carries_more_streams_than_the_upstream_takes_and_the_next_one_is_opened() {
    let (terms, act) = slow(10);
    let upstream = Http2Upstream::start(terms, move |_| act.clone()).await;
    let world = world(upstream.address);
    all_at_once(&world, 40).await;
    assert_eq!((upstream.connections(), upstream.most_under_way()), (4, 40));
    let by_connection =
        |connection| upstream.arrived().iter().filter(|arrived| arrived.connection == connection).count();
    assert!((0..4).all(|connection| by_connection(connection) == 10));
    // Afterwards one is enough.
    for _ in 0..20 {
        world.call("GET", "/bff/acme.todos/todos").await;
    }
    assert_eq!((upstream.connections(), by_connection(0)), (4, 30));
}

#[tokio::test]
async fn beyond_the_last_connection_calls_wait_for_a_stream() {
    let (terms, act) = slow(1);
    let upstream = Http2Upstream::start(terms, move |_| act.clone()).await;
    let mut spec = spec_h2c(upstream.address);
    spec.timeout = Duration::from_secs(20);
    let world = Arc::new(World::with(spec));
    all_at_once(&world, 50).await;
    assert_eq!((upstream.connections(), upstream.most_under_way()), (32, 32));
    assert_eq!(upstream.arrived().len(), 50);
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_asked_once_for_all_who_wait() {
    let upstream = Http2Upstream::start(Terms::default(), |_| saying("fine")).await;
    upstream.kill();
    let mut spec = spec_h2c(upstream.address);
    spec.retries = 0;
    let world = Arc::new(World::with(spec));
    let mut all = JoinSet::new();
    for _ in 0..20 {
        let world = Arc::clone(&world);
        all.spawn(async move { world.call("POST", "/bff/acme.todos/todos").await.status() });
    }
    let statuses = all.join_all().await;
    assert!(statuses.iter().all(|status| matches!(status, 502 | 503)), "{statuses:?}");
}

#[tokio::test]
async fn health_checks_speak_what_calls_speak() {
    let upstream = Http2Upstream::start(Terms::default(), |_| saying("fine")).await;
    let mut spec = spec_h2c(upstream.address);
    spec.resilience.health = Some(HealthCheck {
        path: "/healthz".parse().expect("a path"),
        interval: Duration::from_millis(50),
        limit: Duration::from_secs(1),
    });
    let world = World::with(spec);
    eventually("checks arrive", || upstream.arrived().len() > 3).await;
    let first = &upstream.arrived()[0];
    assert_eq!((first.path(), first.field("user-agent")), ("/healthz", "portico-health-check"));
    assert_eq!(first.head.version(), http::Version::HTTP_2);
    assert_eq!(world.remote.snapshot().endpoints[0].state.as_str(), "in-service");
    drop(world);
}
