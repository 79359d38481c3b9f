use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use fred::interfaces::LuaInterface;
use fred::prelude::Client;
use portico_ports::{Random, token};
use tokio::task::AbortHandle;

use crate::limits::{Lease, Quota, SharedBuckets};

/// Buckets in Redis, one key for each that is not full: Redis forgets it at the instant that it holds. Time is Redis's own,
/// so that the clocks of instances do not matter.
pub struct RedisBuckets {
    client: Client,
    instances: Arc<AtomicU32>,
    beat: AbortHandle,
}

/// How long a lease may take. Beyond it an instance counts alone, which is better than to keep requests waiting.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often an instance says that it is there.
const BEAT: Duration = Duration::from_secs(1);
/// An instance that has been silent for so long, in seconds, is gone.
const GONE: u32 = 5;

impl RedisBuckets {
    /// Over a connection that is open; says until it is dropped that this instance is there.
    pub fn new(client: Client, random: &dyn Random) -> Self {
        let instances = Arc::new(AtomicU32::new(1));
        let beat = tokio::spawn(beat(client.clone(), token::<12>(random), instances.clone()));
        Self { client, instances, beat: beat.abort_handle() }
    }
}

impl Drop for RedisBuckets {
    fn drop(&mut self) {
        self.beat.abort();
    }
}

impl std::fmt::Debug for RedisBuckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisBuckets")
    }
}

/// `KEYS`: the bucket. `ARGV`: window in microseconds, amount, how many are wanted. The bucket is the time at which it is
/// full again. Returns how many were taken and are left, and the microseconds until it is full and until there is one.
const LEASE: &str = "
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local window, want = tonumber(ARGV[1]), tonumber(ARGV[3])
    local interval = window / tonumber(ARGV[2])
    local full_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
    local held = math.floor((now + window - full_at) / interval + 0.000001)
    local taken = math.min(want, held)
    if taken > 0 then
        full_at = full_at + taken * interval
        redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
    end
    local next_in = 0
    if held == taken then next_in = math.max(0, full_at + interval - window - now) end
    return {taken, held - taken, math.ceil(full_at - now), math.ceil(next_in)}";

/// `KEYS`: the instances. `ARGV`: this one, and the seconds after which one is gone. Returns how many there are.
const HERE: &str = "
    local now = tonumber(redis.call('TIME')[1])
    redis.call('ZADD', KEYS[1], now, ARGV[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
    redis.call('EXPIRE', KEYS[1], 60)
    return redis.call('ZCARD', KEYS[1])";

async fn beat(client: Client, id: String, instances: Arc<AtomicU32>) {
    let mut ticks = tokio::time::interval(BEAT);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let here =
            client.eval::<i64, _, _, _>(HERE, "portico:limits:instances", vec![id.clone(), GONE.to_string()]);
        // While Redis is away, as many are taken to be there as were last heard of.
        if let Ok(Ok(count)) = tokio::time::timeout(BEAT, here).await {
            instances.store(u32::try_from(count).unwrap_or(1).max(1), Ordering::Relaxed);
        }
    }
}

#[async_trait]
impl SharedBuckets for RedisBuckets {
    async fn lease(&self, name: &str, quota: Quota, want: u32) -> Option<Lease> {
        let values = vec![quota.window.as_micros().to_string(), quota.amount.to_string(), want.to_string()];
        let asked = self.client.eval::<[i64; 4], _, _, _>(LEASE, format!("portico:limit:{name}"), values);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok([granted, left, full_in, next_in])) => Some(Lease {
                granted: amount(granted),
                left: amount(left),
                full_in: micros(full_in),
                next_in: micros(next_in),
            }),
            Ok(Err(error)) => {
                tracing::debug!(error.message = %error, "a shared limit could not be asked");
                None
            }
            Err(_) => None,
        }
    }

    fn instances(&self) -> u32 {
        self.instances.load(Ordering::Relaxed)
    }
}

fn amount(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

fn micros(number: i64) -> Duration {
    Duration::from_micros(u64::try_from(number).unwrap_or(0))
}
