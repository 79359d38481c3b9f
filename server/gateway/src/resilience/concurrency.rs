use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::ConcurrencySettings;

/// How many calls may wait for an upstream's answer at once. The limit adapts (additive increase, multiplicative
/// decrease): signs of overload take a tenth off it, and answers that come while at least half of it is in use add one.
///
/// A call counts until its answer begins, since that is what an upstream that hangs keeps back; a long download or an
/// event stream holds no place.
#[derive(Debug)]
pub(crate) struct Concurrency {
    settings: ConcurrencySettings,
    limit: AtomicU32,
    in_flight: AtomicU32,
    waiting: AtomicU32,
    turn: Notify,
}

/// No place became free in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// A place among the calls under way.
#[derive(Debug)]
pub(crate) struct Place<'a>(&'a Concurrency);

/// A place in the queue.
struct Waiting<'a>(&'a Concurrency);

impl Concurrency {
    pub(crate) fn new(settings: ConcurrencySettings) -> Self {
        let limit = AtomicU32::new(settings.max.max(1));
        let (in_flight, waiting) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { settings, limit, in_flight, waiting, turn: Notify::new() }
    }

    /// A place, if one is free.
    pub(crate) fn enter(&self) -> Option<Place<'_>> {
        let limit = self.limit();
        let free = |now: u32| (now < limit).then_some(now + 1);
        // Sequentially consistent, as everything about leaving and waiting: whoever leaves sees who waits, or whoever
        // waits sees that someone left.
        self.in_flight.try_update(Ordering::SeqCst, Ordering::SeqCst, free).ok().map(|_| Place(self))
    }

    /// A place, as soon as one is free: in a queue that is bounded in length and time.
    pub(crate) async fn wait(&self) -> Result<Place<'_>, Full> {
        let until = Instant::now() + self.settings.wait;
        let room = |now: u32| (now < self.settings.queue).then_some(now + 1);
        self.waiting.try_update(Ordering::SeqCst, Ordering::SeqCst, room).map_err(|_| Full)?;
        let _waiting = Waiting(self);
        loop {
            if let Some(place) = self.enter() {
                return Ok(place);
            }
            timeout_at(until, self.turn.notified()).await.map_err(|_| Full)?;
        }
    }

    /// An answer came.
    pub(crate) fn grow(&self) {
        let limit = self.limit();
        if limit < self.settings.max && self.in_flight() * 2 >= limit {
            // One lost increase among several at once is no loss.
            self.limit.store(limit + 1, Ordering::Relaxed);
        }
    }

    /// The upstream shows that it is overloaded.
    pub(crate) fn shrink(&self) {
        let less = |limit: u32| (limit - limit.div_ceil(10)).max(self.settings.min.max(1));
        self.limit.update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
        if self.0.waiting.load(Ordering::SeqCst) > 0 {
            self.0.turn.notify_one();
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    fn concurrency(max: u32, queue: u32) -> Concurrency {
        let wait = Duration::from_millis(200);
        Concurrency::new(ConcurrencySettings { min: 2, max, queue, wait })
    }

    #[test]
    fn no_more_than_the_limit_are_under_way() {
        let concurrency = concurrency(3, 0);
        let places: Vec<_> = (0..5).filter_map(|_| concurrency.enter()).collect();
        assert_eq!((places.len(), concurrency.in_flight()), (3, 3));
        drop(places);
        assert_eq!(concurrency.in_flight(), 0);
    }

    #[test]
    fn overload_takes_a_tenth_off_and_answers_under_load_give_it_back() {
        let concurrency = concurrency(100, 0);
        concurrency.shrink();
        assert_eq!(concurrency.limit(), 90);
        concurrency.grow();
        assert_eq!(concurrency.limit(), 90, "nothing shows that more is wanted");
        (0..100).for_each(|_| concurrency.shrink());
        assert_eq!(concurrency.limit(), 2, "recovery can be noticed");
        let _place = concurrency.enter();
        concurrency.grow();
        concurrency.grow();
        assert_eq!(concurrency.limit(), 3, "half of two, not of three");
    }

    #[tokio::test]
    async fn whoever_waits_gets_the_next_place_and_the_queue_is_bounded() {
        let concurrency = Arc::new(concurrency(1, 1));
        let place = concurrency.enter().expect("free");
        let waiting = tokio::spawn({
            let concurrency = Arc::clone(&concurrency);
            async move { concurrency.wait().await.is_ok() }
        });
        while concurrency.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(concurrency.wait().await.err(), Some(Full), "the queue is full");
        drop(place);
        assert!(waiting.await.expect("no panic"));
        let _place = concurrency.enter().expect("free again");
        assert_eq!(concurrency.wait().await.err(), Some(Full), "nobody leaves in time");
        assert_eq!(concurrency.waiting(), 0);
    }
}
