mod suite;

use std::sync::Arc;

use portico_gateway::MemoryStore;

#[tokio::test]
async fn answers_kept_in_memory() {
    suite::every_test(|| Arc::new(MemoryStore::new(1 << 20))).await;
}

#[tokio::test]
async fn what_is_kept_in_memory_is_bounded_in_bytes() {
    let store = Arc::new(MemoryStore::new(64 * 1024));
    suite::fill(store.clone(), 200, 2_000).await;
    assert!(store.bytes() <= 64 * 1024 && store.bytes() > 0, "{}", store.bytes());
}
