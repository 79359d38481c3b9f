use std::{
    collections::{HashSet, VecDeque, hash_map::RandomState},
    hash::BuildHasher as _,
};

/// Stands for an event's identity: who it is for, its `source` and its `id`.
///
/// 128 bits under keys that nobody knows, since two events that collided would lose one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RepeatKey(u64, u64);

/// Makes the keys of one process.
#[derive(Default)]
pub(crate) struct RepeatHasher(RandomState, RandomState);

impl RepeatHasher {
    /// Organization and user are part of it: nobody can suppress another's event by using its id first.
    pub(crate) fn key(&self, org: &str, user: Option<&str>, source: &str, id: &str) -> RepeatKey {
        let identity = (org, user, source, id);
        RepeatKey(self.0.hash_one(identity), self.1.hash_one(identity))
    }
}

/// The last events seen, up to a number.
pub(crate) struct Repeats {
    seen: HashSet<RepeatKey>,
    order: VecDeque<RepeatKey>,
    window: usize,
}

impl Repeats {
    pub(crate) fn new(window: usize) -> Self {
        Self { seen: HashSet::new(), order: VecDeque::new(), window: window.max(1) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Whether an event was seen before.
    pub(crate) fn has(&self, key: RepeatKey) -> bool {
        self.seen.contains(&key)
    }

    /// Remembers an event; false when it was seen before.
    pub(crate) fn is_new(&mut self, key: RepeatKey) -> bool {
        if !self.seen.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > self.window
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_known_within_the_window_and_forgotten_beyond_it() {
        let key = |n| RepeatKey(n, n);
        let mut repeats = Repeats::new(2);
        assert!(repeats.is_new(key(1)));
        assert!(!repeats.is_new(key(1)));
        assert!(repeats.is_new(key(2)));
        assert!(repeats.is_new(key(3)));
        assert!(repeats.is_new(key(1)));
    }

    #[test]
    fn another_persons_event_with_the_same_id_is_no_repeat() {
        let hasher = RepeatHasher::default();
        let alice = hasher.key("acme", Some("alice"), "s", "1");
        assert_eq!(alice, hasher.key("acme", Some("alice"), "s", "1"));
        for other in [
            hasher.key("acme", Some("bob"), "s", "1"),
            hasher.key("globex", Some("alice"), "s", "1"),
            hasher.key("acme", None, "s", "1"),
        ] {
            assert_ne!(alice, other);
        }
    }
}
