//! How often one may ask: token buckets by key, on this instance alone or shared among several through a store.
//!
//! A bucket is one instant (the generic cell rate algorithm). Where instances share a store, each takes its tokens from the
//! shared bucket by the batch, so that the store is asked once for many requests and never in the way of most.

mod bucket;
mod counted;
mod fields;
mod limiter;
mod memory;
mod share;
mod store;

pub use bucket::{Bucket, Quota};
pub use counted::{Limits, Surface};
pub use fields::{Exceeded, Left, Policies};
pub use limiter::Limiter;
pub use memory::MemoryBuckets;
pub use store::{Lease, SharedBuckets};
