use std::time::Duration;

use async_trait::async_trait;

use super::Quota;

/// Buckets that several instances draw from.
#[async_trait]
pub trait SharedBuckets: Send + Sync {
    /// Takes up to `want` tokens from the bucket of this name; none where the store did not answer in time.
    async fn lease(&self, name: &str, quota: Quota, want: u32) -> Option<Lease>;

    /// How many instances share the buckets, as last heard; at least one.
    fn instances(&self) -> u32;
}

/// Tokens that were taken from a shared bucket, and what it held then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// How many.
    pub granted: u32,
    /// How many are left for everyone.
    pub left: u32,
    /// How long until the bucket is full.
    pub full_in: Duration,
    /// How long until there is one; zero where there is.
    pub next_in: Duration,
}
