use std::{
    collections::{HashMap, VecDeque},
    iter::Peekable,
    sync::Arc,
};

use super::RepeatKey;
use crate::{frame::EventFrame, position::Position};

/// What an entry costs beside its frame: itself, its places in the ring and in its lane.
const ENTRY_OVERHEAD: usize = 256;
/// How many records of a partition can be recognised without asking the log.
const STAMPS: usize = 4096;

/// An event of the recent past.
pub(crate) struct Entry {
    /// Its place in the order in which this instance read the log.
    pub(super) sequence: u64,
    pub(super) topic: Arc<str>,
    pub(super) partition: usize,
    pub(super) offset: i64,
    pub(super) org: Box<str>,
    pub(super) user: Option<Box<str>>,
    pub(super) kind: Arc<str>,
    pub(super) repeat: RepeatKey,
    pub(super) frame: EventFrame,
}

impl Entry {
    fn cost(&self) -> usize {
        self.frame.bytes().len() + ENTRY_OVERHEAD
    }
}

/// The recent past of all partitions in the order of arrival, with a lane for each person and one for each
/// organization's common events, so that a stream which resumes looks at nothing but what it may get.
pub(super) struct History {
    ring: VecDeque<Arc<Entry>>,
    lanes: HashMap<Box<str>, Lanes>,
    partitions: HashMap<Arc<str>, Vec<PartitionMemory>>,
    bytes: usize,
    limit: usize,
    sequence: u64,
    evicted: u64,
}

type Lane = VecDeque<Arc<Entry>>;

#[derive(Default)]
struct Lanes {
    everyone: Lane,
    users: HashMap<Box<str>, Lane>,
}

/// What is remembered of one partition.
pub(super) struct PartitionMemory {
    /// From this offset on, the ring has every event.
    floor: i64,
    /// Offsets and timestamps of the latest records, events or not.
    stamps: VecDeque<(i64, u32)>,
    /// From this offset on, `stamps` has every record.
    stamps_floor: i64,
    /// Offsets of the events in the ring, and their places in it.
    events: VecDeque<(i64, u64)>,
}

impl History {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            ring: VecDeque::new(),
            lanes: HashMap::new(),
            partitions: HashMap::new(),
            bytes: 0,
            limit,
            sequence: 0,
            evicted: 0,
        }
    }

    /// Begins to remember a partition, the next one of its topic or one that goes on elsewhere, from `from` on.
    pub(super) fn begin(&mut self, topic: &Arc<str>, partition: usize, from: i64) {
        let (stamps, events) = (VecDeque::new(), VecDeque::new());
        let fresh = PartitionMemory { floor: from, stamps, stamps_floor: from, events };
        let partitions = self.partitions.entry(Arc::clone(topic)).or_default();
        match partitions.get_mut(partition) {
            Some(memory) => *memory = fresh,
            None => partitions.push(fresh),
        }
    }

    /// Forgets a topic that is no longer what it was.
    pub(super) fn forget(&mut self, topic: &str) {
        self.partitions.remove(topic);
        let kept: Vec<_> = self.ring.drain(..).filter(|entry| *entry.topic != *topic).collect();
        self.lanes.clear();
        self.partitions.values_mut().flatten().for_each(|memory| memory.events.clear());
        self.bytes = 0;
        for entry in kept {
            self.store(entry);
        }
    }

    pub(super) fn floor(&self, topic: &str, partition: usize) -> Option<i64> {
        self.partitions.get(topic)?.get(partition).map(|memory| memory.floor)
    }

    /// The timestamp of a record: `Ok(None)` when there is no such record, `Err` when it is too old to know.
    pub(super) fn stamp(&self, topic: &str, partition: usize, offset: i64) -> Result<Option<u32>, TooOld> {
        let memory =
            self.partitions.get(topic).and_then(|partitions| partitions.get(partition)).ok_or(TooOld)?;
        if offset < memory.stamps_floor {
            return Err(TooOld);
        }
        let found = memory.stamps.binary_search_by_key(&offset, |(offset, _)| *offset);
        Ok(found.ok().map(|at| memory.stamps[at].1))
    }

    /// Remembers that a record stands at `offset`.
    pub(super) fn remember_stamp(&mut self, topic: &str, partition: usize, offset: i64, stamp: u32) {
        let Some(memory) = self.partitions.get_mut(topic).and_then(|all| all.get_mut(partition)) else {
            return;
        };
        memory.stamps.push_back((offset, stamp));
        if memory.stamps.len() > STAMPS
            && let Some((oldest, _)) = memory.stamps.pop_front()
        {
            memory.stamps_floor = oldest + 1;
        }
    }

    /// Remembers an event, whose `sequence` is the [next one](Self::next_sequence); the oldest ones make room.
    pub(super) fn push(&mut self, entry: Arc<Entry>) {
        self.store(entry);
        while self.bytes > self.limit {
            self.evict();
        }
    }

    /// The place in the order of arrival before which everything lies below `position`.
    pub(super) fn first_beyond(&self, position: &Position) -> u64 {
        let beyond = position.topics.iter().flat_map(|topic| {
            let partitions = self.partitions.get(&topic.name).into_iter().flatten();
            partitions.zip(&topic.next).filter_map(|(memory, next)| {
                let at = memory.events.partition_point(|(offset, _)| offset < next);
                memory.events.get(at).map(|(_, sequence)| *sequence)
            })
        });
        beyond.min().unwrap_or(self.sequence + 1)
    }

    /// Whether there is anything for this person alone from a place in the order of arrival on.
    pub(super) fn is_personal_since(&self, org: &str, user: &str, first: u64) -> bool {
        let lane = self.lanes.get(org).and_then(|lanes| lanes.users.get(user));
        lane.and_then(VecDeque::back).is_some_and(|entry| entry.sequence >= first)
    }

    /// What a person's stream would have got from a place in the order of arrival on, in order.
    pub(super) fn since(&self, org: &str, user: &str, first: u64) -> impl Iterator<Item = &Arc<Entry>> {
        let from = move |lane: &'_ Lane| lane.partition_point(|entry| entry.sequence < first);
        let lanes = self.lanes.get(org);
        let mine = lanes.and_then(|lanes| lanes.users.get(user)).map(|lane| lane.range(from(lane)..));
        let common = lanes.map(|lanes| lanes.everyone.range(from(&lanes.everyone)..));
        merged(mine.into_iter().flatten().peekable(), common.into_iter().flatten().peekable())
    }

    /// The place of the newest event that is no longer remembered.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The newest place in the order of arrival.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// A place in the order of arrival for something that is no event.
    pub(super) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn store(&mut self, entry: Arc<Entry>) {
        let lanes = self.lanes.entry(entry.org.clone()).or_default();
        let lane = match &entry.user {
            Some(user) => lanes.users.entry(user.clone()).or_default(),
            None => &mut lanes.everyone,
        };
        lane.push_back(Arc::clone(&entry));
        let memory = self.partitions.get_mut(&entry.topic).and_then(|all| all.get_mut(entry.partition));
        if let Some(memory) = memory {
            memory.events.push_back((entry.offset, entry.sequence));
        }
        self.bytes += entry.cost();
        self.ring.push_back(entry);
    }

    fn evict(&mut self) {
        let Some(entry) = self.ring.pop_front() else { return };
        self.bytes -= entry.cost();
        self.evicted = entry.sequence;
        let memory = self.partitions.get_mut(&entry.topic).and_then(|all| all.get_mut(entry.partition));
        if let Some(memory) = memory {
            memory.floor = memory.floor.max(entry.offset + 1);
            memory.events.pop_front_if(|(_, sequence)| *sequence == entry.sequence);
        }
        let Some(lanes) = self.lanes.get_mut(&entry.org) else { return };
        // The ring's oldest entry is its lane's oldest too.
        match &entry.user {
            Some(user) => {
                let lane = lanes.users.get_mut(user);
                let emptied = lane.is_some_and(|lane| lane.pop_front().is_some() && lane.is_empty());
                if emptied {
                    lanes.users.remove(user);
                }
            }
            None => drop(lanes.everyone.pop_front()),
        }
        if lanes.users.is_empty() && lanes.everyone.is_empty() {
            self.lanes.remove(&entry.org);
        }
    }
}

/// The record is older than what is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooOld;

/// Two lanes in the order of arrival.
fn merged<'a>(
    mut mine: Peekable<impl Iterator<Item = &'a Arc<Entry>>>,
    mut common: Peekable<impl Iterator<Item = &'a Arc<Entry>>>,
) -> impl Iterator<Item = &'a Arc<Entry>> {
    std::iter::from_fn(move || match (mine.peek(), common.peek()) {
        (Some(a), Some(b)) if b.sequence < a.sequence => common.next(),
        (Some(_), _) => mine.next(),
        (None, _) => common.next(),
    })
}
