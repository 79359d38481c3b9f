//! Kept answers on real Redis: the gateway's own suite for every store.

use std::sync::Arc;

use portico::storage::RedisResponses;
use portico_identity::seal::Sealer;
use portico_ports::OsRandom;

use super::redis::Redis;
use crate::suite;

#[tokio::test(flavor = "multi_thread")]
async fn answers_kept_on_redis() {
    let redis = Redis::start().await;
    let connection = redis.store(0).await;
    let sealer = Sealer::new(&[[7; 32]]).expect("a key");
    // As if each test had another instance before it: nothing is remembered but in Redis.
    suite::every_test(|| {
        Arc::new(RedisResponses::new(connection.client().clone(), sealer.clone(), Arc::new(OsRandom)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_on_redis_is_sealed() {
    let redis = Redis::start().await;
    let connection = redis.store(0).await;
    let sealer = Sealer::new(&[[7; 32]]).expect("a key");
    let store = Arc::new(RedisResponses::new(connection.client().clone(), sealer, Arc::new(OsRandom)));
    suite::fill(store, 3, 500).await;
    let dump = redis.dump();
    assert!(dump.contains("portico:answers:"), "something is kept: {dump}");
    for told in ["xxxxxxxx", "acme", "todos", "bob", "max-age"] {
        assert!(!dump.contains(told), "{told} can be read");
    }
}
