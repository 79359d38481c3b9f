use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use portico_telemetry::Counter;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};

use super::store::{EntryName, Found, ResponseStore, StoreUsage, UriMark};
use super::stored::Kept;

/// Answers in memory, bounded in bytes: what is used least goes first.
pub struct MemoryStore {
    kept: Cache<EntryName, Kept, Weight, DefaultHashBuilder, Evictions>,
    evicted: Arc<Counter>,
    generations: Mutex<Generations>,
}

/// Changed resources that are remembered one by one. Beyond it all of them count as changed.
const MOST_MARKS: usize = 100_000;

/// What is usually kept in one entry, for the table's first size.
const USUAL_BYTES: u64 = 4 * 1024;

#[derive(Default)]
struct Generations {
    marks: HashMap<UriMark, u64>,
    /// The generation of every resource that is not in `marks`.
    others: u64,
    last: u64,
}

#[derive(Clone)]
struct Weight;

impl Weighter<EntryName, Kept> for Weight {
    fn weight(&self, _: &EntryName, kept: &Kept) -> u64 {
        kept.bytes() as u64
    }
}

/// Counts what makes room for others.
#[derive(Clone)]
struct Evictions(Arc<Counter>);

impl Lifecycle<EntryName, Kept> for Evictions {
    type RequestState = ();

    /// What is merely replaced never gets here.
    fn before_evict(&self, (): &mut (), _: &EntryName, _: &mut Kept) {
        self.0.increment();
    }
}

impl MemoryStore {
    /// An empty store that holds at most `bytes`.
    pub fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX).max(16);
        let evicted = Arc::<Counter>::default();
        let evictions = Evictions(Arc::clone(&evicted));
        let kept = Cache::with(items, bytes, Weight, DefaultHashBuilder::default(), evictions);
        Self { kept, evicted, generations: Mutex::default() }
    }

    /// How many bytes are held.
    pub fn bytes(&self) -> u64 {
        self.kept.weight()
    }
}

#[async_trait]
impl ResponseStore for MemoryStore {
    async fn find(&self, mark: &UriMark, name: &EntryName) -> Found {
        let generation = self.generations.lock().of(mark);
        Found { generation, kept: self.kept.get(name) }
    }

    async fn keep(&self, name: &EntryName, kept: Kept, _: Duration) {
        self.kept.insert(*name, kept);
    }

    async fn renew(&self, marks: &[UriMark]) {
        let mut generations = self.generations.lock();
        marks.iter().for_each(|mark| generations.renew(*mark));
    }

    fn usage(&self) -> Option<StoreUsage> {
        Some(StoreUsage { bytes: self.bytes(), evicted: self.evicted.get() })
    }
}

impl Generations {
    fn of(&self, mark: &UriMark) -> u64 {
        self.marks.get(mark).copied().unwrap_or(self.others)
    }

    fn renew(&mut self, mark: UriMark) {
        self.last += 1;
        if self.marks.len() >= MOST_MARKS {
            self.marks.clear();
            self.others = self.last;
        }
        self.marks.insert(mark, self.last);
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_that_are_too_many_to_remember_make_everything_old() {
        let mut generations = Generations::default();
        let mark = |number: u64| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            UriMark(bytes)
        };
        let before: Vec<u64> = (0..3).map(|number| generations.of(&mark(number))).collect();
        (1..=MOST_MARKS as u64 + 1).for_each(|number| generations.renew(mark(number)));
        assert!((0..3).all(|number| generations.of(&mark(number)) != before[number as usize]));
        assert!(generations.marks.len() <= MOST_MARKS);
    }
}
