use std::collections::HashMap;

use time::OffsetDateTime;

/// A map whose entries end by themselves, and which never holds more than [`CAPACITY`].
pub(crate) struct Expiring<T> {
    entries: HashMap<String, (OffsetDateTime, T)>,
    sweep_at: usize,
}

/// Enough for any test and any day of development; a flood of logins pushes out what would end soonest.
const CAPACITY: usize = 50_000;
const FIRST_SWEEP: usize = 256;

impl<T> Default for Expiring<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), sweep_at: FIRST_SWEEP }
    }
}

impl<T> Expiring<T> {
    pub(crate) fn insert(&mut self, now: OffsetDateTime, key: String, expires_at: OffsetDateTime, value: T) {
        if self.entries.len() >= self.sweep_at {
            self.sweep(now);
        }
        self.entries.insert(key, (expires_at, value));
    }

    pub(crate) fn get(&self, now: OffsetDateTime, key: &str) -> Option<&T> {
        self.entries.get(key).filter(|(expires_at, _)| *expires_at > now).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, now: OffsetDateTime, key: &str) -> Option<&mut T> {
        self.entries.get_mut(key).filter(|(expires_at, _)| *expires_at > now).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<T> {
        self.entries.remove(key).map(|(_, value)| value)
    }

    /// Takes out what `wanted` names.
    pub(crate) fn remove_where(&mut self, wanted: impl Fn(&T) -> bool) -> Vec<T> {
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
