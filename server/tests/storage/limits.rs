//! Limits that instances share: one behaviour, in memory and on real Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use portico::limits::{Limiter, MemoryBuckets, Quota, SharedBuckets};
use portico::storage::{RedisBuckets, RedisSessionStore};
use portico_ports::OsRandom;

use super::redis::Redis;

/// So slow to refill that it does not matter how long a test takes.
const SLOW: Duration = Duration::from_secs(1_000_000);

#[tokio::test]
async fn buckets_in_memory() {
    let store = Arc::new(MemoryBuckets::new(2));
    every_test([store.clone(), store]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_on_redis() {
    let redis = Redis::start().await;
    let connections = [redis.store(0).await, redis.store(0).await];
    let [first, second] = connections.each_ref().map(buckets);
    every_test([first, second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_74_two_instances_admit_together_what_one_would_and_go_on_alone_without_redis() {
    let redis = Redis::start().await;
    let connections = [redis.store(0).await, redis.store(0).await];
    let stores = connections.each_ref().map(buckets);
    let both = || stores.iter().all(|store| store.instances() == 2);
    let begun = Instant::now();
    while !both() {
        assert!(begun.elapsed() < Duration::from_secs(20), "they hear of each other");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let instances = stores.each_ref().map(|store| limiter(store, 400));
    let admitted = flood(&instances, "alice", 1_000).await;
    assert!((380..=400).contains(&admitted), "{admitted} of 400");
    redis.command(&["CLIENT", "PAUSE", "60000", "ALL"]);
    // Each admits its half by itself, and what it had leased before.
    let alone = flood(&instances, "bob", 1_000).await;
    assert_eq!(alone, 400, "together no more than one bucket");
    let once_more = flood(&instances, "bob", 200).await;
    assert_eq!(once_more, 0);
}

fn buckets(connection: &RedisSessionStore) -> Arc<dyn SharedBuckets> {
    Arc::new(RedisBuckets::new(connection.client().clone(), &OsRandom))
}

fn limiter(store: &Arc<dyn SharedBuckets>, amount: u32) -> Limiter {
    Limiter::new("session", Quota { amount, window: SLOW }, Some(store.clone()))
}

/// How many of so many requests at once are admitted.
async fn flood(instances: &[Limiter; 2], key: &'static str, requests: usize) -> usize {
    let asked = (0..requests).map(|n| {
        let limiter = instances[n % 2].clone();
        tokio::spawn(async move { limiter.take(key.as_bytes()).await.is_ok() })
    });
    join_all(asked).await.into_iter().filter(|admitted| *admitted.as_ref().expect("no panic")).count()
}

async fn every_test(instances: [Arc<dyn SharedBuckets>; 2]) {
    what_one_takes_the_other_has_not(&instances).await;
    a_lease_says_what_is_left(&instances[0]).await;
    tokens_come_back_with_time(&instances[1]).await;
    buckets_are_apart(&instances[0]).await;
}

async fn what_one_takes_the_other_has_not([first, second]: &[Arc<dyn SharedBuckets>; 2]) {
    let quota = Quota { amount: 10, window: SLOW };
    let lease = first.lease("taken", quota, 7).await.expect("answers");
    assert_eq!((lease.granted, lease.left, lease.next_in), (7, 3, Duration::ZERO));
    let lease = second.lease("taken", quota, 7).await.expect("answers");
    assert_eq!((lease.granted, lease.left), (3, 0));
    let empty = first.lease("taken", quota, 7).await.expect("answers");
    assert_eq!((empty.granted, empty.left), (0, 0));
    assert!(empty.next_in > SLOW / 20 && empty.next_in <= SLOW / 10, "{:?}", empty.next_in);
}

async fn a_lease_says_what_is_left(store: &Arc<dyn SharedBuckets>) {
    let quota = Quota { amount: 100, window: SLOW };
    let lease = store.lease("told", quota, 25).await.expect("answers");
    assert_eq!((lease.granted, lease.left), (25, 75));
    assert!(lease.full_in > SLOW / 5 && lease.full_in <= SLOW / 4, "{:?}", lease.full_in);
}

async fn tokens_come_back_with_time(store: &Arc<dyn SharedBuckets>) {
    let quota = Quota { amount: 10, window: Duration::from_millis(500) };
    let all = store.lease("refilled", quota, 100).await.expect("answers");
    assert_eq!((all.granted, all.left), (10, 0));
    tokio::time::sleep(Duration::from_millis(600)).await;
    let again = store.lease("refilled", quota, 100).await.expect("answers");
    assert_eq!(again.granted, 10, "full again, and never more");
}

async fn buckets_are_apart(store: &Arc<dyn SharedBuckets>) {
    let quota = Quota { amount: 1, window: SLOW };
    for name in ["one", "other"] {
        assert_eq!(store.lease(name, quota, 1).await.expect("answers").granted, 1, "{name}");
    }
}
