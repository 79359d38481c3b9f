use std::sync::Arc;

use super::{Hub, Repeats, dispatch::Ready};
use crate::{frame, log::PartitionState, position::TopicPosition};

/// What this instance can say about a topic's position without asking the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// It is a place that this instance passed, in the topic as it is now.
    Passed,
    /// The record before it is not the one it was.
    Differs,
    /// It lies before what is remembered, or beyond what was read so far.
    Unknown,
}

impl Hub {
    /// The topics that are followed.
    pub(crate) fn topics(&self) -> Vec<Arc<str>> {
        self.state.lock().position.topics.iter().map(|topic| Arc::clone(&topic.name)).collect()
    }

    /// Takes a topic into the position, with no partition yet: whoever leaves now misses nothing of it later.
    pub(crate) fn declare(&self, topic: &Arc<str>) {
        let mut state = self.state.lock();
        if state.position.topic(topic).is_none() {
            let fresh = TopicPosition { name: Arc::clone(topic), next: Vec::new(), anchor: None };
            state.position.topics.push(fresh);
        }
    }

    /// Begins to follow the next partition of a declared topic at `from`; one already followed stays where it is.
    /// Whether it is new.
    pub(crate) fn follow(&self, topic: &Arc<str>, partition: usize, from: i64) -> bool {
        let mut state = self.state.lock();
        let state = &mut *state;
        let Some(position) = state.position.topic_mut(topic) else { return false };
        if position.next.len() != partition {
            return false;
        }
        position.next.push(from);
        state.history.begin(topic, partition, from);
        true
    }

    /// Goes on with a topic that was recreated, or whose retention overtook this instance, at its oldest records, and
    /// tells every live stream that events may be missing.
    pub(crate) fn start_over(self: &Arc<Self>, states: &[PartitionState], reason: ResetReason) {
        let mut locked = self.state.lock();
        let state = &mut *locked;
        let Some(topic) = states.first().map(|first| Arc::clone(&first.topic)) else { return };
        let Some(position) = state.position.topic_mut(&topic) else { return };
        // Places keep their numbers, and what stands there is something else.
        state.replay = None;
        match reason {
            ResetReason::Recreated => {
                position.anchor = None;
                position.next.clear();
                state.history.forget(&topic);
                // What the new topic repeats of the old one has to be in history again, so it is no repeat here.
                state.repeats = Repeats::new(self.config.history.repeat_window);
            }
            // Partitions that retention did not overtake go on where they are.
            ResetReason::Expired => {}
        }
        for (partition, at) in states.iter().enumerate() {
            match position.next.get_mut(partition) {
                Some(next) if *next >= at.low => continue,
                Some(next) => *next = at.low,
                None => position.next.push(at.low),
            }
            state.history.begin(&topic, partition, at.low);
        }
        let mut ready = Ready::default();
        let streams: Vec<_> = state.live.all().cloned().collect();
        for subscriber in streams {
            let mut lost = subscriber.types.iter().filter(|wanted| wanted.topic == topic).peekable();
            if lost.peek().is_none() {
                continue;
            }
            let id = self.id_at(&state.position, &subscriber);
            let frame = frame::reset(&id, reason.as_str(), lost);
            let sequence = state.history.next_sequence();
            self.notify(&mut state.live, &subscriber, sequence, &frame, &mut ready);
            self.metrics.resets.increment();
        }
        drop(locked);
        ready.go(self);
    }

    /// Checks one topic of a client's position against what is remembered.
    pub(crate) fn recall(&self, theirs: &TopicPosition) -> Memory {
        let state = self.state.lock();
        let Some(ours) = state.position.topic(&theirs.name) else { return Memory::Unknown };
        if theirs == ours {
            return Memory::Passed;
        }
        let known = theirs.next.len() <= ours.next.len()
            && theirs.next.iter().zip(&ours.next).enumerate().all(|(partition, (next, read))| {
                next <= read && state.history.floor(&ours.name, partition).is_some_and(|floor| *next >= floor)
            });
        if !known {
            return Memory::Unknown;
        }
        let Some(anchor) = theirs.anchor else {
            // Nothing had been seen in the topic, so nothing in it can have changed.
            return Memory::Passed;
        };
        match state.history.stamp(&ours.name, anchor.partition, anchor.offset) {
            Err(_) => Memory::Unknown,
            Ok(Some(stamp)) if stamp == anchor.stamp => Memory::Passed,
            Ok(_) => Memory::Differs,
        }
    }
}

/// Why events may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResetReason {
    /// The log no longer has what comes next.
    Expired,
    /// The topic or the whole log is another one than it was.
    Recreated,
}

impl ResetReason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Recreated => "recreated",
        }
    }
}
