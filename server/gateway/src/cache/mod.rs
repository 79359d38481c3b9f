//! Answers that are kept: which, for whom, for how long (RFC 9111, RFC 5861), and one call upstream for many who wait.
//!
//! A kept answer is found by remote, version, organization, permission set, person (unless the route says that its answers
//! do not depend on one), URI and whatever the upstream says it depends on (`Vary`). Whether it may be used is decided
//! by `http-cache-semantics`; a call is authorised before anything is looked up, on every call anew.

mod caching;
mod conditions;
mod flights;
mod freshness;
mod key;
mod memory;
mod rule;
mod store;
mod stored;
mod vary;

pub use caching::{CacheCounts, ResponseCache};
pub use memory::MemoryStore;
pub use rule::{CacheRule, CacheScope};
pub use store::{EntryName, Found, ResponseStore, StoreUsage, UriMark};
pub use stored::{Kept, StoredResponse};

pub(crate) use caching::Counted;
pub(crate) use conditions::{Conditions, without_representation};
pub(crate) use flights::{Flight, Joined, Landed, landed};
pub(crate) use freshness::{Standing, request_for_policy};
pub(crate) use key::{Asked, marks_of};
pub(crate) use stored::{Fetched, tag_of};
