use futures::future::join_all;

use super::*;
use crate::limits::MemoryBuckets;

/// How many of `requests` at once are admitted by these limiters, in turn.
async fn admitted(limiters: &[Limiter], requests: usize) -> usize {
    let asked = (0..requests).map(|n| {
        let limiter = limiters[n % limiters.len()].clone();
        tokio::spawn(async move { limiter.take(b"alice").await.is_ok() })
    });
    join_all(asked).await.into_iter().filter(|admitted| *admitted.as_ref().expect("no panic")).count()
}

/// So slow to refill that it does not matter how long a test takes.
fn sharing(store: &Arc<MemoryBuckets>, amount: u32) -> Limiter {
    let store: Arc<dyn SharedBuckets> = store.clone();
    Limiter::new("session", Quota { amount, window: Duration::from_secs(1_000_000) }, Some(store))
}

#[tokio::test]
async fn what_exceeds_the_bucket_is_told_when_to_come_back() {
    let limiter = Limiter::new("session", Quota::per_minute(2), None);
    let first = limiter.take(b"alice").await.expect("is admitted");
    assert_eq!((first.policy, first.requests), ("session", 1));
    assert!(limiter.take(b"alice").await.is_ok());
    let exceeded = limiter.take(b"alice").await.expect_err("exceeds");
    assert!(exceeded.next_in > Duration::from_secs(20) && exceeded.next_in <= Duration::from_secs(30));
    assert!(limiter.take(b"bob").await.is_ok(), "others are not affected");
}

#[tokio::test]
async fn a_key_that_was_quiet_is_forgotten_and_one_in_use_is_not() {
    let limiter = Limiter::new("session", Quota { amount: 10, window: Duration::from_millis(20) }, None);
    limiter.take(b"alice").await.expect("is admitted");
    tokio::time::sleep(Duration::from_millis(30)).await;
    for _ in 0..10 {
        limiter.take(b"bob").await.expect("is admitted");
    }
    limiter.sweep();
    let kept: usize = limiter.0.shards.iter().map(|shard| shard.lock().len()).sum();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn instances_that_share_a_store_admit_together_what_one_would() {
    let store = Arc::new(MemoryBuckets::new(2));
    let instances = [sharing(&store, 400), sharing(&store, 400)];
    let admitted = admitted(&instances, 1_000).await;
    // A batch that one instance leased and did not use is what the other cannot.
    assert!((380..=400).contains(&admitted), "{admitted}");
    assert!(store.asked() <= 60, "the store was asked {} times for 1,000 requests", store.asked());
}

#[tokio::test]
async fn while_the_store_is_away_each_instance_admits_its_part_and_nobody_waits() {
    let store = Arc::new(MemoryBuckets::new(2));
    store.set_away(true);
    let instances = [sharing(&store, 400), sharing(&store, 400)];
    assert_eq!(admitted(&instances, 1_000).await, 400);
    assert!(store.asked() <= 4, "it is left alone, not asked {} times", store.asked());
    assert_eq!(instances[0].take(b"alice").await.expect_err("exceeds").policy, "session");
}

#[tokio::test]
async fn a_store_that_is_back_is_found_by_one_request() {
    let store = Arc::new(MemoryBuckets::new(2));
    store.set_away(true);
    let limiter = sharing(&store, 40);
    limiter.take(b"alice").await.expect("is admitted alone");
    store.set_away(false);
    let before = store.asked();
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let _ = limiter.take(b"alice").await;
        if store.asked() > before {
            break;
        }
    }
    tokio::task::yield_now().await;
    assert_eq!(limiter.0.shared.as_ref().map(|shared| shared.down_until.load(Ordering::Relaxed)), Some(0));
}
