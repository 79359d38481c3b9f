use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use time::OffsetDateTime;

use super::slot::Slot;
use super::{Holder, TokenKey, TokenKeyRef};
use crate::session::SessionId;

/// The slots of every holder, never more than a capacity of them.
pub(super) struct Slots {
    by_place: HashMap<Place, Vec<(TokenKey, Arc<Slot>)>>,
    held: usize,
    capacity: usize,
    uses: u64,
}

/// Where a key's slot is found. The portal has a place for each organization, so that places stay small.
#[derive(PartialEq, Eq, Hash)]
enum Place {
    Session(SessionId),
    Portal(String),
}

impl Place {
    fn of(holder: Holder, organization: &str) -> Self {
        match holder {
            Holder::Session(session) => Self::Session(session),
            Holder::Portal => Self::Portal(organization.to_owned()),
        }
    }
}

impl Slots {
    pub(super) fn new(capacity: usize) -> Self {
        Self { by_place: HashMap::new(), held: 0, capacity: capacity.max(1), uses: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.held
    }

    /// The slot of `key`, marked as used now.
    pub(super) fn find(&mut self, key: &TokenKey) -> Option<Arc<Slot>> {
        self.find_in(&Place::of(key.holder, &key.organization), |known| known == key)
    }

    /// The same for a key that owns nothing.
    pub(super) fn find_ref(&mut self, key: TokenKeyRef<'_>) -> Option<Arc<Slot>> {
        self.find_in(&Place::of(key.holder, key.organization), |known| key.means(known))
    }

    fn find_in(&mut self, place: &Place, is: impl Fn(&TokenKey) -> bool) -> Option<Arc<Slot>> {
        // A place has as many slots as remotes were opened: a handful, for which a list is enough.
        let slots = self.by_place.get(place)?;
        let slot = slots.iter().find(|(known, _)| is(known)).map(|(_, slot)| Arc::clone(slot))?;
        self.uses += 1;
        slot.last_used.store(self.uses, Ordering::Relaxed);
        Some(slot)
    }

    pub(super) fn find_or_insert(&mut self, key: &TokenKey, now: OffsetDateTime) -> Arc<Slot> {
        if let Some(slot) = self.find(key) {
            return slot;
        }
        if self.held >= self.capacity {
            self.make_room(now);
        }
        self.uses += 1;
        let slot = Arc::new(Slot::new());
        slot.last_used.store(self.uses, Ordering::Relaxed);
        self.by_place
            .entry(Place::of(key.holder, &key.organization))
            .or_default()
            .push((key.clone(), Arc::clone(&slot)));
        self.held += 1;
        slot
    }

    pub(super) fn remove_session(&mut self, session: &SessionId) -> Vec<Arc<Slot>> {
        let removed = self.by_place.remove(&Place::Session(*session)).unwrap_or_default();
        self.held -= removed.len();
        removed.into_iter().map(|(_, slot)| slot).collect()
    }

    /// Drops what has expired, and if that is nothing, the eighth that was not wanted for longest: so the work of
    /// looking through everything is spread over many inserts. A slot that a caller holds stays, since forgetting its
    /// session must reach it.
    fn make_room(&mut self, now: OffsetDateTime) {
        self.retain(|slot| is_held(slot) || slot.current(now).is_some());
        if self.held < self.capacity {
            return;
        }
        let mut uses: Vec<u64> = self
            .by_place
            .values()
            .flatten()
            .map(|(_, slot)| slot.last_used.load(Ordering::Relaxed))
            .collect();
        let (_, oldest, _) = uses.select_nth_unstable(self.held / 8);
        let oldest = *oldest;
        self.retain(|slot| is_held(slot) || slot.last_used.load(Ordering::Relaxed) > oldest);
    }

    fn retain(&mut self, keep: impl Fn(&Arc<Slot>) -> bool) {
        self.by_place.retain(|_, slots| {
            slots.retain(|(_, slot)| keep(slot));
            !slots.is_empty()
        });
        self.held = self.by_place.values().map(Vec::len).sum();
    }
}

/// Whether a caller has it; callers get theirs under the same lock as this is asked under.
fn is_held(slot: &Arc<Slot>) -> bool {
    Arc::strong_count(slot) > 1
}
