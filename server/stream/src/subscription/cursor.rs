use crate::{hub::Repeats, position::Position};

/// How many events a resuming stream remembers to recognise repeats across the seam between log and memory.
const WINDOW: usize = 4096;

/// Where a resuming stream is.
pub(crate) struct Cursor {
    /// Everything below was seen by the client or is in frames on their way to it.
    pub(crate) position: Position,
    /// Events that this stream was given and may find again. What is in memory has no repeats in itself, so there are none as long
    /// as everything comes from there at once.
    pub(crate) given: Repeats,
}

impl Cursor {
    pub(crate) fn new(position: Position) -> Self {
        Self { position, given: Repeats::new(WINDOW) }
    }
}
