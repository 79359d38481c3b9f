use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::bucket::Bucket;
use super::{Lease, Quota, SharedBuckets};

/// Shared buckets in one process: what several instances in one test share, held to the same behaviour as Redis.
#[derive(Debug)]
pub struct MemoryBuckets {
    epoch: Instant,
    buckets: Mutex<HashMap<String, Bucket>>,
    instances: AtomicU32,
    asked: AtomicU64,
    away: AtomicBool,
}

impl MemoryBuckets {
    /// Full buckets, for so many instances.
    pub fn new(instances: u32) -> Self {
        Self {
            epoch: Instant::now(),
            buckets: Mutex::default(),
            instances: AtomicU32::new(instances),
            asked: AtomicU64::new(0),
            away: AtomicBool::new(false),
        }
    }

    /// How often it was asked.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Stops answering, or answers again.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }
}

#[async_trait]
impl SharedBuckets for MemoryBuckets {
    async fn lease(&self, name: &str, quota: Quota, want: u32) -> Option<Lease> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.away.load(Ordering::Relaxed) {
            return None;
        }
        let mut buckets = self.buckets.lock();
        let bucket = buckets.entry(name.to_owned()).or_default();
        let drawn = bucket.draw(quota, want, self.epoch.elapsed());
        Some(Lease { granted: drawn.taken, left: drawn.left, full_in: drawn.full_in, next_in: drawn.next_in })
    }

    fn instances(&self) -> u32 {
        self.instances.load(Ordering::Relaxed)
    }
}
