use std::collections::{HashMap, VecDeque};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, ready},
};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{EventDigest, PublishError, RepeatLimits};

/// What becomes of a record; any number may wait for it.
pub(super) type Outcome = Shared<BoxFuture<'static, Result<(), PublishError>>>;

/// What an event goes by.
type Name = [u8; 32];

/// Events published a moment ago, and those that are about to be.
pub(super) struct Recent {
    limits: RepeatLimits,
    events: Mutex<Events>,
}

#[derive(Default)]
struct Events {
    known: HashMap<Name, Known>,
    /// In the order in which they began. An event that failed and was begun again stands here twice; the number tells
    /// which of them is meant.
    order: VecDeque<(Name, u64)>,
    last: u64,
}

struct Known {
    number: u64,
    begun: Instant,
    content: [u8; 32],
    /// `None` once the log has it.
    pending: Option<Outcome>,
}

impl Recent {
    pub(super) fn new(limits: RepeatLimits) -> Self {
        Self { limits, events: Mutex::default() }
    }

    /// The outcome of the event, and whether it was begun by this call. `begin` is called under the lock, so that what it
    /// begins cannot be settled before it is known.
    ///
    /// # Errors
    /// [`PublishError::IdReused`] where another event has the name; what `begin` fails with.
    pub(super) fn enter(
        &self,
        now: Instant,
        event: EventDigest,
        begin: impl FnOnce() -> Result<Outcome, PublishError>,
    ) -> Result<(Outcome, bool), PublishError> {
        let mut events = self.events.lock();
        events.forget(now, &self.limits);
        match events.known.get(&event.name) {
            Some(known) if known.content != event.content => return Err(PublishError::IdReused),
            Some(Known { pending: Some(outcome), .. }) => return Ok((outcome.clone(), false)),
            Some(Known { pending: None, .. }) => {
                return Ok((ready(Ok(())).boxed().shared(), false));
            }
            None => {}
        }
        let outcome = begin()?;
        events.last += 1;
        let number = events.last;
        events.order.push_back((event.name, number));
        let (content, pending) = (event.content, Some(outcome.clone()));
        events.known.insert(event.name, Known { number, begun: now, content, pending });
        Ok((outcome, true))
    }

    /// An event that the log has stays known; one that failed may be tried again.
    pub(super) fn settle(&self, event: &EventDigest, delivered: bool) {
        let mut events = self.events.lock();
        match delivered {
            true => {
                if let Some(known) = events.known.get_mut(&event.name) {
                    known.pending = None;
                }
            }
            false => drop(events.known.remove(&event.name)),
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

    fn event(name: u8, content: u8) -> EventDigest {
        EventDigest { name: [name; 32], content: [content; 32] }
    }

    fn is_first(recent: &Recent, now: Instant, event: EventDigest) -> Result<bool, PublishError> {
        let begin = || Ok(ready(Ok(())).boxed().shared());
        recent.enter(now, event, begin).map(|(_, first)| first)
    }

    #[test]
    fn an_event_is_known_for_the_window_unless_it_failed() {
        let recent = Recent::new(RepeatLimits { window: Duration::from_secs(60), events: 10 });
        let (one, other) = (event(1, 1), event(1, 2));
        let begun = Instant::now();
        assert_eq!(is_first(&recent, begun, one), Ok(true));
        recent.settle(&one, false);
        assert_eq!(is_first(&recent, begun, one), Ok(true), "it failed, and is tried again");
        recent.settle(&one, true);
        assert_eq!(is_first(&recent, begun, one), Ok(false));
        assert_eq!(is_first(&recent, begun, other), Err(PublishError::IdReused));
        assert_eq!(is_first(&recent, begun + Duration::from_secs(61), other), Ok(true));
    }

    #[test]
    fn the_oldest_make_room() {
        let recent = Recent::new(RepeatLimits { window: Duration::from_secs(60), events: 2 });
        let now = Instant::now();
        for name in 1..=3 {
            assert_eq!(is_first(&recent, now, event(name, 0)), Ok(true));
        }
        assert_eq!(is_first(&recent, now, event(3, 0)), Ok(false));
        assert_eq!(is_first(&recent, now, event(1, 0)), Ok(true));
    }
}
