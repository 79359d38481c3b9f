use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use portico_telemetry::Counter;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::bucket::{Bucket, nanos};
use super::share::{Answer, Link, Share, batch};
use super::{Exceeded, Left, Quota, SharedBuckets};

/// A bucket for each key. Cheap to clone: all clones are one limiter.
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    name: &'static str,
    quota: Quota,
    epoch: Instant,
    shards: [Mutex<HashMap<Box<[u8]>, Entry>>; SHARDS],
    shared: Option<Shared>,
    exceeded: Counter,
}

/// So many locks, that two requests seldom meet at one.
const SHARDS: usize = 64;

#[derive(Debug)]
enum Entry {
    Own(Bucket),
    Shared(Box<Share>),
}

/// Where the tokens come from, when instances share them.
struct Shared {
    store: Arc<dyn SharedBuckets>,
    /// Until when the store is not waited for, in nanoseconds since the epoch; zero while it answers.
    down_until: AtomicU64,
}

/// After the store has failed, how long it is left alone before one request tries it again.
const DOWN: Duration = Duration::from_secs(1);

/// What one look at a bucket comes to.
enum Look {
    Decided(Result<Left, Exceeded>),
    Wait(oneshot::Receiver<()>),
}

impl Limiter {
    /// A limiter called `name` in headers and in the store, if instances share one.
    pub fn new(name: &'static str, quota: Quota, store: Option<Arc<dyn SharedBuckets>>) -> Self {
        Self(Arc::new(Inner {
            name,
            quota,
            epoch: Instant::now(),
            shards: std::array::from_fn(|_| Mutex::default()),
            shared: store.map(|store| Shared { store, down_until: AtomicU64::new(0) }),
            exceeded: Counter::default(),
        }))
    }

    /// What headers call it.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// How much may come.
    pub fn quota(&self) -> Quota {
        self.0.quota
    }

    /// Takes one from the key's bucket. It waits only where this instance has used up its lease, for one answer of the
    /// store at most.
    ///
    /// # Errors
    /// [`Exceeded`] says when to come back.
    pub async fn take(&self, key: &[u8]) -> Result<Left, Exceeded> {
        loop {
            match self.look(key) {
                Look::Decided(result) => return result.inspect_err(|_| self.0.exceeded.increment()),
                // An asker that went away is as good as an answer: look again.
                Look::Wait(answer) => drop(answer.await),
            }
        }
    }

    /// How often it refused.
    pub fn exceeded(&self) -> u64 {
        self.0.exceeded.get()
    }

    /// Forgets keys that have been quiet long enough to be full again.
    pub fn sweep(&self) {
        let now = self.0.epoch.elapsed();
        for shard in &self.0.shards {
            shard.lock().retain(|_, entry| match entry {
                Entry::Own(bucket) => !bucket.is_full(now),
                Entry::Shared(share) => !share.is_idle(self.0.quota, now),
            });
        }
    }

    fn look(&self, key: &[u8]) -> Look {
        let inner = &*self.0;
        let now = inner.epoch.elapsed();
        let mut shard = inner.shard(key).lock();
        let entry = match shard.get_mut(key) {
            Some(entry) => entry,
            None => shard.entry(key.into()).or_insert_with(|| inner.entry()),
        };
        let share = match (entry, &inner.shared) {
            (Entry::Own(bucket), _) => return Look::Decided(inner.draw(bucket, now)),
            (Entry::Shared(share), Some(shared)) => {
                share.take(inner.quota, shared.link(now), shared.store.instances(), now)
            }
            (Entry::Shared(_), None) => return Look::Decided(inner.left(inner.quota.amount, Duration::ZERO)),
        };
        drop(shard);
        let (answer, ask) = share;
        if ask {
            self.ask(key);
        }
        match answer {
            Answer::Taken { left, full_in } => Look::Decided(inner.left(left, full_in)),
            Answer::Exceeded { next_in } => Look::Decided(Err(inner.exceeded(next_in))),
            Answer::Wait(told) => Look::Wait(told),
        }
    }

    /// Asks the store for a batch of tokens, apart from the request that noticed they are needed.
    fn ask(&self, key: &[u8]) {
        let (limiter, key) = (self.clone(), Box::<[u8]>::from(key));
        tokio::spawn(async move {
            let inner = &*limiter.0;
            let Some(shared) = &inner.shared else { return };
            let lease = shared.store.lease(&inner.stored_name(&key), inner.quota, batch(inner.quota)).await;
            let now = inner.epoch.elapsed();
            shared.heard(lease.is_some(), now, inner.name);
            if let Some(Entry::Shared(share)) = inner.shard(&key).lock().get_mut(&key) {
                share.answered(lease, now);
            }
        });
    }
}

impl Inner {
    fn shard(&self, key: &[u8]) -> &Mutex<HashMap<Box<[u8]>, Entry>> {
        // Where it stands decides only who waits for whom: the maps themselves are safe from chosen keys.
        let sum =
            key.iter().rev().take(8).fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte));
        &self.shards[sum % SHARDS]
    }

    fn entry(&self) -> Entry {
        match self.shared {
            Some(_) => Entry::Shared(Box::default()),
            None => Entry::Own(Bucket::default()),
        }
    }

    fn draw(&self, bucket: &mut Bucket, now: Duration) -> Result<Left, Exceeded> {
        let drawn = bucket.draw(self.quota, 1, now);
        if drawn.taken == 0 {
            Err(self.exceeded(drawn.next_in))
        } else {
            self.left(drawn.left, drawn.full_in)
        }
    }

    fn left(&self, left: u32, full_in: Duration) -> Result<Left, Exceeded> {
        Ok(Left { policy: self.name, requests: left, full_in })
    }

    fn exceeded(&self, next_in: Duration) -> Exceeded {
        Exceeded { policy: self.name, next_in }
    }

    /// What the store calls the key's bucket. The key itself may be a credential or an address, and stays here.
    fn stored_name(&self, key: &[u8]) -> String {
        let mut hash = Sha256::new();
        hash.update(self.name);
        hash.update([0]);
        hash.update(key);
        format!("{}:{}", self.name, URL_SAFE_NO_PAD.encode(hash.finalize()))
    }
}

impl Shared {
    fn link(&self, now: Duration) -> Link {
        let until = self.down_until.load(Ordering::Relaxed);
        if until == 0 {
            return Link::Up;
        }
        let now = nanos(now);
        if now < until {
            return Link::Down;
        }
        let next = now + nanos(DOWN);
        match self.down_until.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Link::Probe,
            Err(_) => Link::Down,
        }
    }

    fn heard(&self, answered: bool, now: Duration, limiter: &str) {
        let until = if answered { 0 } else { nanos(now + DOWN) };
        let before = self.down_until.swap(until, Ordering::Relaxed);
        match (before == 0, answered) {
            (true, false) => {
                tracing::warn!(
                    limiter,
                    "limits are not shared while the store does not answer: each instance counts its part"
                );
            }
            (false, true) => tracing::info!(limiter, "limits are shared again"),
            _ => {}
        }
    }
}

impl std::fmt::Debug for Limiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limiter")
            .field("name", &self.0.name)
            .field("quota", &self.0.quota)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
