use std::collections::{HashMap, VecDeque};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, ready},
};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{PublishError, RepeatLimits};
use crate::{hub::RepeatKey, log::AppendError};

/// What becomes of a record; any number may wait for it.
pub(super) type Outcome = Shared<BoxFuture<'static, Result<(), AppendError>>>;

/// Events published a moment ago, and those that are about to be.
pub(super) struct Recent {
    limits: RepeatLimits,
    events: Mutex<Events>,
}

#[derive(Default)]
struct Events {
    known: HashMap<RepeatKey, Known>,
    /// In the order in which they began. An event that failed and was begun again stands here twice; the number tells
    /// which of them is meant.
    order: VecDeque<(RepeatKey, u64)>,
    last: u64,
}

struct Known {
    number: u64,
    begun: Instant,
    /// Stands for the event's content.
    fingerprint: u64,
    /// `None` once the log has it.
    pending: Option<Outcome>,
}

impl Recent {
    pub(super) fn new(limits: RepeatLimits) -> Self {
        Self { limits, events: Mutex::default() }
    }

    /// The outcome of the event under `key`, and whether it was begun by this call. `begin` is called under the lock, so
    /// that what it begins cannot be settled before it is known.
    ///
    /// # Errors
    /// [`PublishError::IdReused`] where another event has the key; what `begin` fails with.
    pub(super) fn enter(
        &self,
        now: Instant,
        key: RepeatKey,
        fingerprint: u64,
        begin: impl FnOnce() -> Result<Outcome, PublishError>,
    ) -> Result<(Outcome, bool), PublishError> {
        let mut events = self.events.lock();
        events.forget(now, &self.limits);
        match events.known.get(&key) {
            Some(known) if known.fingerprint != fingerprint => return Err(PublishError::IdReused),
            Some(Known { pending: Some(outcome), .. }) => return Ok((outcome.clone(), false)),
            Some(Known { pending: None, .. }) => {
                return Ok((ready(Ok(())).boxed().shared(), false));
            }
            None => {}
        }
        let outcome = begin()?;
        events.last += 1;
        let number = events.last;
        events.order.push_back((key, number));
        events.known.insert(key, Known { number, begun: now, fingerprint, pending: Some(outcome.clone()) });
        Ok((outcome, true))
    }

    /// An event that the log has stays known; one that failed may be tried again.
    pub(super) fn settle(&self, key: RepeatKey, delivered: bool) {
        let mut events = self.events.lock();
        match delivered {
            true => {
                if let Some(known) = events.known.get_mut(&key) {
                    known.pending = None;
                }
            }
            false => drop(events.known.remove(&key)),
        }
    }
}

impl Events {
    fn forget(&mut self, now: Instant, limits: &RepeatLimits) {
        while let Some((key, number)) = self.order.front() {
            let known = self.known.get(key).filter(|known| known.number == *number);
            let is_due = known.is_none_or(|known| now - known.begun > limits.window);
            if !is_due && self.known.len() < limits.events.max(1) {
                return;
            }
            if known.is_some() {
                self.known.remove(key);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::hub::RepeatHasher;

    fn is_first(
        recent: &Recent,
        now: Instant,
        key: RepeatKey,
        fingerprint: u64,
    ) -> Result<bool, PublishError> {
        let begin = || Ok(ready(Ok(())).boxed().shared());
        recent.enter(now, key, fingerprint, begin).map(|(_, first)| first)
    }

    #[test]
    fn an_event_is_known_for_the_window_unless_it_failed() {
        let recent = Recent::new(RepeatLimits { window: Duration::from_secs(60), events: 10 });
        let key = RepeatHasher::default().key("acme", Some("alice"), "@a/b", "1");
        let begun = Instant::now();
        assert_eq!(is_first(&recent, begun, key, 1), Ok(true));
        recent.settle(key, false);
        assert_eq!(is_first(&recent, begun, key, 1), Ok(true), "it failed, and is tried again");
        recent.settle(key, true);
        assert_eq!(is_first(&recent, begun, key, 1), Ok(false));
        assert_eq!(is_first(&recent, begun, key, 2), Err(PublishError::IdReused));
        assert_eq!(is_first(&recent, begun + Duration::from_secs(61), key, 2), Ok(true));
    }

    #[test]
    fn the_oldest_make_room() {
        let recent = Recent::new(RepeatLimits { window: Duration::from_secs(60), events: 2 });
        let (hasher, now) = (RepeatHasher::default(), Instant::now());
        let keys = ["1", "2", "3"].map(|id| hasher.key("acme", Some("alice"), "@a/b", id));
        for key in keys {
            assert_eq!(is_first(&recent, now, key, 1), Ok(true));
        }
        assert_eq!(is_first(&recent, now, keys[2], 1), Ok(false));
        assert_eq!(is_first(&recent, now, keys[0], 1), Ok(true));
    }
}
