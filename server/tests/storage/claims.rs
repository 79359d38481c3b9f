//! What instances tell each other of events: one behaviour in memory, on PostgreSQL and on Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use portico::storage::{Database, PostgresClaims, RedisClaims};
use portico_stream::{Claim, EventDigest, MemoryClaims, SharedClaims};

use super::postgres::Postgres;
use super::redis::Redis;

type Instances = [Arc<dyn SharedClaims>; 2];

/// So long that it does not matter how long a test takes.
const LONG: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn claims_in_memory() {
    let store = Arc::new(MemoryClaims::default());
    every_test([store.clone(), store]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_on_redis() {
    let redis = Redis::start().await;
    let connections = [redis.store(0).await, redis.store(0).await];
    let claims = |client| -> Arc<dyn SharedClaims> { Arc::new(RedisClaims::new(client)) };
    every_test(connections.each_ref().map(|connection| claims(connection.client().clone()))).await;
    redis.command(&["CLIENT", "PAUSE", "60000", "ALL"]);
    an_answer_is_not_waited_for(claims(connections[0].client().clone()).as_ref()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_on_postgres() {
    let postgres = Postgres::start().await;
    let first = postgres.database("claims").await;
    let second = Database::open_postgres(&postgres.url("claims")).await.expect("it opens");
    let [first, second] = [first, second].map(|database| {
        let Database::Postgres(pool) = database else { panic!("it is PostgreSQL's") };
        pool
    });
    let claims = |pool| -> Arc<dyn SharedClaims> { Arc::new(PostgresClaims::new(pool)) };
    every_test([claims(first.clone()), claims(second)]).await;
    drop(postgres);
    an_answer_is_not_waited_for(claims(first).as_ref()).await;
}

async fn every_test(instances: Instances) {
    one_of_many_gets_a_claim(&instances).await;
    what_is_settled_is_published_for_its_window(&instances).await;
    what_is_released_by_its_owner_is_free(&instances).await;
    a_claim_ends_with_its_lease(&instances).await;
    a_name_is_one_contents(&instances).await;
}

async fn one_of_many_gets_a_claim(instances: &Instances) {
    let event = event("many", "a");
    let asked = (0..20).map(|n| {
        let store = Arc::clone(&instances[n % 2]);
        tokio::spawn(async move { store.claim(&event, &format!("owner-{n}"), LONG).await })
    });
    let answers: Vec<_> = join_all(asked).await.into_iter().map(|answer| answer.expect("no panic")).collect();
    let count = |wanted| answers.iter().filter(|answer| **answer == Some(wanted)).count();
    assert_eq!((count(Claim::Yours), count(Claim::Underway)), (1, 19), "{answers:?}");
}

async fn what_is_settled_is_published_for_its_window([first, second]: &Instances) {
    let event = event("settled", "a");
    assert_eq!(first.claim(&event, "one", LONG).await, Some(Claim::Yours));
    first.settle(&event, Duration::from_secs(2)).await;
    assert_eq!(second.claim(&event, "other", LONG).await, Some(Claim::Published));
    second.release(&event, "other").await;
    assert_eq!(first.claim(&event, "one", LONG).await, Some(Claim::Published), "nobody's to release");
    eventually_yours(second, &event).await;
}

async fn what_is_released_by_its_owner_is_free([first, second]: &Instances) {
    let event = event("released", "a");
    assert_eq!(first.claim(&event, "one", LONG).await, Some(Claim::Yours));
    second.release(&event, "other").await;
    assert_eq!(second.claim(&event, "other", LONG).await, Some(Claim::Underway));
    first.release(&event, "one").await;
    assert_eq!(second.claim(&event, "other", LONG).await, Some(Claim::Yours));
}

async fn a_claim_ends_with_its_lease([first, second]: &Instances) {
    let event = event("leased", "a");
    assert_eq!(first.claim(&event, "one", Duration::from_millis(300)).await, Some(Claim::Yours));
    eventually_yours(second, &event).await;
    first.release(&event, "one").await;
    assert_eq!(first.claim(&event, "one", LONG).await, Some(Claim::Underway), "it is the other's by now");
}

async fn a_name_is_one_contents([first, second]: &Instances) {
    let (one, other) = (event("named", "a"), event("named", "b"));
    assert_eq!(first.claim(&one, "one", LONG).await, Some(Claim::Yours));
    assert_eq!(second.claim(&other, "other", LONG).await, Some(Claim::Reused));
    first.settle(&one, LONG).await;
    assert_eq!(second.claim(&other, "other", LONG).await, Some(Claim::Reused));
}

async fn an_answer_is_not_waited_for(store: &dyn SharedClaims) {
    let begun = Instant::now();
    assert_eq!(store.claim(&event("late", "a"), "one", LONG).await, None);
    assert!(begun.elapsed() < Duration::from_secs(30), "it takes {:?}", begun.elapsed());
}

async fn eventually_yours(store: &Arc<dyn SharedClaims>, event: &EventDigest) {
    let begun = Instant::now();
    while store.claim(event, "other", LONG).await != Some(Claim::Yours) {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn event(name: &str, content: &str) -> EventDigest {
    let digest = |text: &str| {
        let mut bytes = [0; 32];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        bytes
    };
    EventDigest { name: digest(name), content: digest(content) }
}
