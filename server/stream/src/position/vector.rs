use std::sync::Arc;

/// How far the log has been read: for every partition the offset of the next record.
///
/// Records of different partitions have no common order, so a place in the log is a vector. Whoever has this vector
/// has seen exactly the records below it, whichever instance it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) topics: Vec<TopicPosition>,
}

/// The part of a position that lies in one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicPosition {
    /// The topic's name; an id carries only a tag of it.
    pub(crate) name: Arc<str>,
    /// The next offset of partition 0, 1, 2 and so on.
    pub(crate) next: Vec<i64>,
    /// The last record seen in this topic: while it stands where it stood, the topic is still the same one.
    pub(crate) anchor: Option<Anchor>,
}

/// A record that is recognised by its timestamp.
///
/// One per topic is enough, since a topic is deleted and recreated as a whole, and the newest is the one that
/// retention removes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) partition: usize,
    pub(crate) offset: i64,
    /// The low 32 bits of the record's timestamp in milliseconds.
    pub(crate) stamp: u32,
}

impl Position {
    pub(crate) fn topic(&self, name: &str) -> Option<&TopicPosition> {
        self.topics.iter().find(|topic| *topic.name == *name)
    }

    pub(crate) fn topic_mut(&mut self, name: &str) -> Option<&mut TopicPosition> {
        self.topics.iter_mut().find(|topic| *topic.name == *name)
    }

    /// The names of its topics.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.topics.iter().map(|topic| Arc::clone(&topic.name)).collect()
    }

    /// Takes in what `other` has seen as well.
    pub(crate) fn merge(&mut self, other: &Self) {
        for theirs in &other.topics {
            match self.topic_mut(&theirs.name) {
                Some(ours) => ours.merge(theirs),
                None => self.topics.push(theirs.clone()),
            }
        }
    }

    /// Whether everything seen by `self` was seen by `other` too.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.topics.iter().all(|ours| {
            let Some(theirs) = other.topic(&ours.name) else { return false };
            ours.next.len() <= theirs.next.len() && ours.next.iter().zip(&theirs.next).all(|(a, b)| a <= b)
        })
    }
}

impl TopicPosition {
    /// Moves past the record at `offset`.
    pub(crate) fn advance(&mut self, partition: usize, offset: i64, timestamp: i64) {
        if let Some(next) = self.next.get_mut(partition) {
            *next = offset + 1;
            self.anchor = Some(Anchor { partition, offset, stamp: stamp(timestamp) });
        }
    }

    fn merge(&mut self, theirs: &Self) {
        let known = self.next.len();
        for (ours, theirs) in self.next.iter_mut().zip(&theirs.next) {
            *ours = (*ours).max(*theirs);
        }
        self.next.extend(theirs.next.iter().skip(known));
        // Either anchor lies below the merged vector, so either holds.
        self.anchor = theirs.anchor.or(self.anchor);
    }
}

/// What an anchor keeps of a timestamp.
pub(crate) fn stamp(timestamp: i64) -> u32 {
    (timestamp & i64::from(u32::MAX)) as u32
}

impl Anchor {
    /// Whether a record with this timestamp, found at the anchor's offset, is the anchored one.
    pub(crate) fn matches(&self, timestamp: i64) -> bool {
        self.stamp == stamp(timestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str, next: &[i64]) -> TopicPosition {
        TopicPosition { name: name.into(), next: next.to_vec(), anchor: None }
    }

    #[test]
    fn merging_keeps_the_further_offset_of_every_partition() {
        let mut ours = Position { topics: vec![topic("a", &[5, 1])] };
        let theirs = Position { topics: vec![topic("a", &[3, 4, 7]), topic("b", &[2])] };
        ours.merge(&theirs);
        assert_eq!(ours.topics, [topic("a", &[5, 4, 7]), topic("b", &[2])]);
    }

    #[test]
    fn a_position_is_within_another_only_when_every_partition_is() {
        let ahead = Position { topics: vec![topic("a", &[5, 4])] };
        let behind = Position { topics: vec![topic("a", &[5, 3])] };
        let aside = Position { topics: vec![topic("a", &[9, 0])] };
        assert!(behind.is_within(&ahead));
        assert!(!ahead.is_within(&behind));
        assert!(!aside.is_within(&ahead));
    }
}
