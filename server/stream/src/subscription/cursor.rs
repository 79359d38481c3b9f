use crate::{
    hub::{RepeatKey, Repeats},
    position::Position,
};

/// How many events a resuming stream remembers to recognise repeats across the seam between log and memory.
const WINDOW: usize = 4096;

/// Where a resuming stream is.
pub(crate) struct Cursor {
    /// Everything below was seen by the client or is in frames on their way to it.
    pub(crate) position: Position,
    repeats: Repeats,
}

impl Cursor {
    pub(crate) fn new(position: Position) -> Self {
        Self { position, repeats: Repeats::new(WINDOW) }
    }

    /// False for an event that this stream was given already.
    pub(crate) fn is_new(&mut self, key: RepeatKey) -> bool {
        self.repeats.is_new(key)
    }
}
