use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A map whose entries end by themselves, and which never holds more than [`CAPACITY`].
pub(crate) struct Expiring<T> {
    entries: HashMap<String, (OffsetDateTime, T)>,
    sweep_at: usize,
    changed: bool,
}

/// An entry as it is kept across restarts.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    key: String,
    #[serde(with = "time::serde::timestamp")]
    until: OffsetDateTime,
    value: T,
}

/// Enough for any test and any day of development; a flood of logins pushes out what would end soonest.
const CAPACITY: usize = 50_000;
const FIRST_SWEEP: usize = 256;

impl<T> Default for Expiring<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), sweep_at: FIRST_SWEEP, changed: false }
    }
}

impl<T> Expiring<T> {
    pub(crate) fn insert(&mut self, now: OffsetDateTime, key: String, expires_at: OffsetDateTime, value: T) {
        if self.entries.len() >= self.sweep_at {
            self.sweep(now);
        }
        self.entries.insert(key, (expires_at, value));
        self.changed = true;
    }

    /// Whether anything may have changed since this was asked last.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The `limit` entries that last longest, for keeping.
    pub(crate) fn kept(&self, now: OffsetDateTime, limit: usize, wanted: impl Fn(&T) -> bool) -> Vec<Kept<T>>
    where
        T: Clone,
    {
        let live = self.entries.iter().filter(|(_, (until, value))| *until > now && wanted(value));
        let mut live: Vec<_> = live.collect();
        if live.len() > limit {
            live.select_nth_unstable_by_key(limit, |(_, (until, _))| std::cmp::Reverse(*until));
            live.truncate(limit);
        }
        let keep = |(key, (until, value)): (&String, &(OffsetDateTime, T))| Kept {
            key: key.clone(),
            until: *until,
            value: value.clone(),
        };
        live.into_iter().map(keep).collect()
    }

    /// Takes up what was kept.
    pub(crate) fn restore(&mut self, now: OffsetDateTime, kept: Vec<Kept<T>>) {
        for Kept { key, until, value } in kept {
            self.insert(now, key, until, value);
        }
    }

    pub(crate) fn get(&self, now: OffsetDateTime, key: &str) -> Option<&T> {
        self.entries.get(key).filter(|(expires_at, _)| *expires_at > now).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, now: OffsetDateTime, key: &str) -> Option<&mut T> {
        self.changed = true;
        self.entries.get_mut(key).filter(|(expires_at, _)| *expires_at > now).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<T> {
        self.changed = true;
        self.entries.remove(key).map(|(_, value)| value)
    }

    /// Takes out what `wanted` names.
    pub(crate) fn remove_where(&mut self, wanted: impl Fn(&T) -> bool) -> Vec<T> {
        self.changed = true;
        self.entries.extract_if(|_, (_, value)| wanted(value)).map(|(_, (_, value))| value).collect()
    }

    /// Drops what has ended. The next sweep waits until the map has doubled, so that inserting stays cheap.
    fn sweep(&mut self, now: OffsetDateTime) {
        self.entries.retain(|_, (expires_at, _)| *expires_at > now);
        if self.entries.len() >= CAPACITY {
            let mut ends: Vec<_> = self.entries.values().map(|(expires_at, _)| *expires_at).collect();
            let (_, median, _) = ends.select_nth_unstable(CAPACITY / 2);
            let median = *median;
            self.entries.retain(|_, (expires_at, _)| *expires_at > median);
        }
        self.sweep_at = (self.entries.len() * 2).clamp(FIRST_SWEEP, CAPACITY);
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn an_entry_ends_at_its_time() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut map = Expiring::default();
        map.insert(now, "key".to_owned(), now + Duration::SECOND, 1);
        assert_eq!(map.get(now, "key"), Some(&1));
        assert_eq!(map.get(now + Duration::SECOND, "key"), None);
    }

    #[test]
    fn what_is_kept_is_what_lasts_longest_and_is_found_again() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut map = Expiring::default();
        for index in 0..10 {
            map.insert(now, index.to_string(), now + Duration::seconds(index), index);
        }
        let mut restored = Expiring::default();
        restored.restore(now, map.kept(now, 3, |index| index % 2 == 1));
        let found: Vec<_> = (0..10).filter(|index| restored.get(now, &index.to_string()).is_some()).collect();
        assert_eq!(found, [5, 7, 9]);
        assert_eq!(restored.get(now + Duration::seconds(9), "9"), None, "each still ends at its time");
    }

    #[test]
    fn a_flood_stays_bounded() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut map = Expiring::default();
        for index in 0..(CAPACITY as i64 * 2) {
            map.insert(now, index.to_string(), now + Duration::seconds(index + 1), index);
        }
        assert!(map.entries.len() <= CAPACITY);
        assert!(map.get(now, &(CAPACITY * 2 - 1).to_string()).is_some());
    }
}
