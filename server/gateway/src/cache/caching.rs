use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use http::HeaderMap;
use portico_ports::Clock;
use portico_telemetry::{Exposition, Kind};

use super::flights::{Flights, Joined};
use super::key::Asked;
use super::store::{EntryName, Found, ResponseStore, StoreUsage, UriMark};
use super::stored::{Kept, StoredResponse};
use super::vary::Varying;

/// The answers that are kept, and the calls that others wait for.
pub struct ResponseCache {
    store: Arc<dyn ResponseStore>,
    clock: Arc<dyn Clock>,
    flights: Flights,
    entry_bytes: usize,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    stale: AtomicU64,
    joined: AtomicU64,
    misses: AtomicU64,
}

/// What calls of routes that keep answers came to, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Answered from the store.
    pub hits: u64,
    /// Answered from the store although no longer fresh.
    pub stale: u64,
    /// Answered with what another call brought.
    pub joined: u64,
    /// Answered by the upstream.
    pub misses: u64,
}

/// How a call was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counted {
    Hit,
    Stale,
    Joined,
    Miss,
}

/// What is known before the upstream is asked.
pub(crate) struct Looked {
    pub(crate) generation: u64,
    pub(crate) stored: Option<Arc<StoredResponse>>,
}

impl ResponseCache {
    /// A cache that keeps answers of at most `entry_bytes` in `store`.
    pub fn new(store: Arc<dyn ResponseStore>, clock: Arc<dyn Clock>, entry_bytes: usize) -> Self {
        Self { store, clock, flights: Flights::default(), entry_bytes, counts: Counts::default() }
    }

    /// What calls came to so far.
    pub fn counts(&self) -> CacheCounts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { hits, stale, joined, misses } = &self.counts;
        CacheCounts { hits: of(hits), stale: of(stale), joined: of(joined), misses: of(misses) }
    }

    /// What is held, where this instance holds it and not a server for several.
    pub fn usage(&self) -> Option<StoreUsage> {
        self.store.usage()
    }

    /// How many calls are under way whose answer others wait for, or would.
    pub fn calls_under_way(&self) -> usize {
        self.flights.under_way()
    }

    /// Writes what calls came to, and what is held.
    pub fn expose(&self, out: &mut Exposition) {
        let CacheCounts { hits, stale, joined, misses } = self.counts();
        let help = "Calls of routes that keep answers, by where the answer came from.";
        let family = out.family("portico_cache_answers_total", Kind::Counter, help);
        for (result, count) in [("hit", hits), ("stale", stale), ("coalesced", joined), ("miss", misses)] {
            family.sample(&[("result", result)], count);
        }
        let help = "Calls under way whose answer is kept, and whoever asks the same meanwhile waits for it.";
        out.gauge("portico_cache_calls_under_way", help, self.calls_under_way());
        if let Some(StoreUsage { bytes, evicted }) = self.usage() {
            out.gauge("portico_cache_bytes", "Bytes of answers that are kept.", bytes);
            let help = "Kept answers that made room for others.";
            out.family("portico_cache_evictions_total", Kind::Counter, help).sample(&[], evicted);
        }
    }

    pub(crate) fn count(&self, counted: Counted) {
        let count = match counted {
            Counted::Hit => &self.counts.hits,
            Counted::Stale => &self.counts.stale,
            Counted::Joined => &self.counts.joined,
            Counted::Miss => &self.counts.misses,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now().into()
    }

    pub(crate) fn entry_bytes(&self) -> usize {
        self.entry_bytes
    }

    /// What is kept for a request, if it is of the resource's present generation.
    pub(crate) async fn look(&self, asked: &Asked, headers: &HeaderMap) -> Looked {
        let Found { generation, mut kept } = self.store.find(&asked.mark, &asked.name).await;
        if let Some(Kept::Varies(names)) = &kept {
            let variant = asked.variant(&Varying(names.as_ref().clone()), headers);
            kept = self.store.find(&asked.mark, &variant).await.kept;
        }
        let stored = match kept {
            Some(Kept::Answer(stored)) if stored.generation == generation => Some(stored),
            _ => None,
        };
        Looked { generation, stored }
    }

    /// Keeps an answer to a request with these fields.
    pub(crate) async fn keep(&self, asked: &Asked, headers: &HeaderMap, stored: &Arc<StoredResponse>) {
        let time = stored.time(self.now());
        let answer = Kept::Answer(Arc::clone(stored));
        if stored.varying.is_empty() {
            return self.store.keep(&asked.name, answer, time).await;
        }
        let names = Kept::Varies(Arc::new(stored.varying.0.clone()));
        self.store.keep(&asked.variant(&stored.varying, headers), answer, time).await;
        self.store.keep(&asked.name, names, time).await;
    }

    /// Makes everything that is kept of these resources old.
    pub(crate) async fn renew(&self, marks: &[UriMark]) {
        self.store.renew(marks).await;
    }

    pub(crate) fn join(&self, flight: EntryName, generation: u64) -> Joined {
        self.flights.join((flight, generation))
    }
}

impl fmt::Debug for ResponseCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCache").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
