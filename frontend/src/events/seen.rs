use std::collections::{BTreeSet, VecDeque};

/// How many events are remembered: a reconnect replays seconds, not hours, so this is plenty, and bounded.
const REMEMBERED: usize = 1_024;

/// Drops repeats. Publishing is at least once, so the same (`source`, `id`) may arrive twice.
#[derive(Default)]
pub(super) struct Seen {
    order: VecDeque<String>,
    known: BTreeSet<String>,
}

impl Seen {
    /// Whether this event arrives for the first time.
    pub(super) fn first(&mut self, source: &str, id: &str) -> bool {
        // Neither a remote's name nor a URI contains a space (CloudEvents 1.0, `source` is a URI-reference).
        let key = [source, " ", id].concat();
        if !self.known.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}
