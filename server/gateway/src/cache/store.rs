use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::stored::Kept;

/// What an answer is kept under: a hash, which says nothing to who reads it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryName(pub [u8; 32]);

/// A resource of a remote for one organization, as a hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UriMark(pub [u8; 32]);

/// What a store found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// How often, so to speak, the resource has changed: an answer counts only while this is what it was when the
    /// answer was asked for.
    pub generation: u64,
    /// What is kept under the name, of whatever generation.
    pub kept: Option<Kept>,
}

/// Where answers are kept. It is a cache: what it does not answer is fetched again, so nothing here fails. What it must
/// not do is forget a change while it keeps an answer from before it.
#[async_trait]
pub trait ResponseStore: Send + Sync + 'static {
    /// What is kept under `name`, and the generation of `mark`.
    async fn find(&self, mark: &UriMark, name: &EntryName) -> Found;

    /// Keeps an answer under `name` for at most `time`.
    async fn keep(&self, name: &EntryName, kept: Kept, time: Duration);

    /// Begins a new generation of each of `marks`.
    async fn renew(&self, marks: &[UriMark]);

    /// What is held, where this instance holds it.
    fn usage(&self) -> Option<StoreUsage> {
        None
    }
}

/// What a store in memory holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreUsage {
    /// Bytes.
    pub bytes: u64,
    /// How many answers had to make room for others, ever.
    pub evicted: u64,
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for UriMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryName({self})")
    }
}

impl fmt::Debug for UriMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UriMark({self})")
    }
}
