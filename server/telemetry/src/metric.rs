use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// This many more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// One more.
    pub fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One fewer.
    pub fn decrement(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// As it is now.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How durations are spread.
///
/// The bounds are those that OpenTelemetry's semantic conventions give for HTTP, and two below them: a proxy's own work, and
/// a near service's, takes less than the smallest of theirs.
#[derive(Debug, Default)]
pub struct Histogram {
    /// How many fell between one bound and the next; the last has no bound.
    buckets: [AtomicU64; Self::BOUNDS.len() + 1],
    /// Microseconds.
    sum: AtomicU64,
}

impl Histogram {
    /// Upper bounds, inclusive: microseconds, and as they are written in seconds.
    pub const BOUNDS: [(u64, &'static str); 16] = [
        (1_000, "0.001"),
        (2_500, "0.0025"),
        (5_000, "0.005"),
        (10_000, "0.01"),
        (25_000, "0.025"),
        (50_000, "0.05"),
        (75_000, "0.075"),
        (100_000, "0.1"),
        (250_000, "0.25"),
        (500_000, "0.5"),
        (750_000, "0.75"),
        (1_000_000, "1.0"),
        (2_500_000, "2.5"),
        (5_000_000, "5.0"),
        (7_500_000, "7.5"),
        (10_000_000, "10.0"),
    ];

    /// Counts one duration.
    pub fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // Most are short: the first bounds are the likely ones.
        let at = Self::BOUNDS.iter().position(|(bound, _)| micros <= *bound).unwrap_or(Self::BOUNDS.len());
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.buckets().iter().sum()
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum.load(Ordering::Relaxed))
    }

    pub(crate) fn buckets(&self) -> [u64; Self::BOUNDS.len() + 1] {
        std::array::from_fn(|at| self.buckets[at].load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_bucket_whose_bound_it_does_not_pass() {
        let histogram = Histogram::default();
        for micros in [0, 1_000, 1_001, 10_000_000, 10_000_001] {
            histogram.observe(Duration::from_micros(micros));
        }
        let buckets = histogram.buckets();
        assert_eq!((buckets[0], buckets[1], buckets[15], buckets[16]), (2, 1, 1, 1));
        assert_eq!((histogram.count(), histogram.sum()), (5, Duration::from_micros(20_002_002)));
    }

    #[test]
    fn the_bounds_ascend_and_are_written_in_seconds() {
        for pair in Histogram::BOUNDS.windows(2) {
            assert!(pair[0].0 < pair[1].0);
        }
        for (micros, seconds) in Histogram::BOUNDS {
            let seconds: f64 = seconds.parse().expect("a number");
            assert_eq!(Duration::from_secs_f64(seconds), Duration::from_micros(micros));
        }
    }
}
