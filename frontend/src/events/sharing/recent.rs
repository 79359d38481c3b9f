use std::collections::VecDeque;

use super::message::Frame;

/// How many frames are kept at most, and how many bytes of them.
const FRAMES: usize = 1_024;
const BYTES: usize = 1_048_576;

/// The latest frames with their numbers, for tabs that lack some. Every tab keeps them: any may have to lead.
#[derive(Default)]
pub(super) struct Recent {
    frames: VecDeque<(u32, Frame)>,
    bytes: usize,
}

impl Recent {
    /// Keeps a frame, and what was kept before it if it is the next.
    pub(super) fn push(&mut self, seq: u32, frame: Frame) {
        if self.last().is_some_and(|last| last + 1 != seq) {
            *self = Self::default();
        }
        self.bytes += frame.data.len();
        self.frames.push_back((seq, frame));
        while self.frames.len() > FRAMES || self.bytes > BYTES {
            let Some((_, oldest)) = self.frames.pop_front() else { break };
            self.bytes -= oldest.data.len();
        }
    }

    /// Whether all frames after this number are kept, up to `last`.
    pub(super) fn reaches_back_to(&self, seq: u32, last: u32) -> bool {
        let first = self.frames.front().map(|(first, _)| *first);
        seq == last || (self.last() == Some(last) && first.is_some_and(|first| first <= seq + 1))
    }

    /// What is kept after this number.
    pub(super) fn after(&self, seq: u32) -> Vec<(u32, Frame)> {
        self.frames.iter().filter(|(number, _)| *number > seq).cloned().collect()
    }

    /// Forgets what came after this number.
    pub(super) fn cut(&mut self, seq: u32) {
        while self.last().is_some_and(|last| last > seq) {
            self.bytes -= self.frames.pop_back().map_or(0, |(_, newest)| newest.data.len());
        }
    }

    fn last(&self) -> Option<u32> {
        self.frames.back().map(|(last, _)| *last)
    }
}
