/// How many epochs back a tab remembers where it was.
const EPOCHS: usize = 16;

/// A place in what the stream carried. Event ids say nothing to a browser, so frames are counted: in each leader's epoch
/// from where the one before was left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Of one leader; empty where there was none yet.
    pub(super) epoch: String,
    /// The last frame's number.
    pub(super) seq: u32,
    /// The last event id; empty before the first.
    pub(super) id: String,
}

/// Which way a tab came: where it was when each earlier epoch ended, and last where it is. Up to each of these places it
/// has everything that the epoch's leader had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trail(pub(super) Vec<Place>);

impl Trail {
    /// Where the tab is; nothing if it has heard of no leader.
    pub(super) fn last(&self) -> Option<&Place> {
        self.0.last()
    }

    /// It has come as far as this frame.
    pub(super) fn set_seq(&mut self, seq: u32) {
        if let Some(place) = self.0.last_mut() {
            place.seq = seq;
        }
    }

    /// The id where it is.
    pub(super) fn set_id(&mut self, id: String) {
        if let Some(place) = self.0.last_mut() {
            place.id = id;
        }
    }

    /// An epoch begins where it is.
    pub(super) fn begin(&mut self, epoch: String) {
        let place = self.last().cloned().unwrap_or_default();
        self.0.push(Place { epoch, ..place });
        if self.0.len() > EPOCHS {
            self.0.remove(0);
        }
    }

    /// It is at this place again, or for the first time: then the way there is another's.
    pub(super) fn go_back(&mut self, to: Place) {
        let at = self.0.iter().position(|place| place.epoch == to.epoch);
        self.0.truncate(at.unwrap_or_default());
        self.0.push(to);
    }

    /// The latest place that this tab and another both came by: both have everything up to it.
    pub(super) fn last_in_common(&self, trail: &Self) -> Option<Place> {
        trail.0.iter().rev().find_map(|theirs| {
            let ours = self.0.iter().find(|ours| ours.epoch == theirs.epoch)?;
            let is_theirs = theirs.seq < ours.seq || (theirs.seq == ours.seq && !theirs.id.is_empty());
            Some(if is_theirs { theirs.clone() } else { ours.clone() })
        })
    }

    /// Whether the way goes on from this place: a leader that took over before it knew an id began later than that.
    pub(super) fn has_begun_at(&self, place: &Place) -> bool {
        self.0.iter().any(|ours| ours.epoch == place.epoch && !ours.id.is_empty())
    }
}
