use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::{Contact, Shared};
use crate::{
    hub::{Hub, ResetReason},
    log::{EventLog, LogError, PartitionStart, PartitionState},
    position::{Position, TopicPosition},
    subscription::{Verdict, missing_anchors, verify},
};

/// Every how many looks the anchors are compared. The client library goes on silently when a topic was deleted,
/// recreated and filled beyond the old offset between two fetches; this finds it, at the cost of one small read.
const LOOKS_PER_COMPARISON: usize = 5;

/// Keeps what is followed in step with the topics that exist: new ones, grown ones, recreated ones.
#[derive(Clone)]
pub(super) struct Follower {
    log: Arc<dyn EventLog>,
    hub: Arc<Hub>,
    shared: Arc<Shared>,
    /// Topics to be compared with their anchor at the next look.
    suspects: HashSet<Arc<str>>,
    /// Grows whenever a topic starts over: a look from before that compares with what no longer holds.
    generation: Arc<AtomicU64>,
}

/// What one look at the log found.
pub(super) struct Look {
    generation: u64,
    /// Where this instance was before it looked: anything the log lacks of this was taken away.
    before: Position,
    topics: Vec<Arc<str>>,
    found: Result<Vec<PartitionState>, LogError>,
    /// Topics in which a record that this instance had read is no longer there.
    changed: Vec<Arc<str>>,
}

impl Follower {
    pub(super) fn new(log: Arc<dyn EventLog>, hub: Arc<Hub>, shared: Arc<Shared>) -> Self {
        Self { log, hub, shared, suspects: HashSet::new(), generation: Arc::default() }
    }

    /// The first look: follows every partition from a little before its end. Where each end was.
    pub(super) async fn begin(&self) -> Result<Vec<PartitionStart>, LogError> {
        let topics = self.declared();
        let states = self.log.partitions(&topics).await?;
        self.note(&states, &Position::default());
        let preload = self.shared.config.history.preload_records;
        for topic in &topics {
            self.hub.declare(topic);
            for (partition, state) in of(&states, topic).iter().enumerate() {
                self.hub.follow(topic, partition, state.low.max(state.high - preload));
            }
        }
        Ok(ends(&states))
    }

    /// Looks again and again, apart from the consumer, which must not wait for a broker that does not answer.
    pub(super) async fn look_regularly(self, looks: mpsc::Sender<Look>) {
        let mut declared = self.shared.topics.subscribe();
        let mut remembered = (self.generation(), self.hub.position());
        for turn in 1_usize.. {
            tokio::select! {
                () = sleep(self.shared.config.refresh_interval) => {}
                // Cannot fail: the sender lives in `shared`.
                _ = declared.changed() => {}
            }
            let mut look = self.look().await;
            if turn.is_multiple_of(LOOKS_PER_COMPARISON)
                && let Ok(states) = &look.found
            {
                if remembered.0 == look.generation {
                    look.changed = self.compare(&remembered.1, states).await.unwrap_or_default();
                }
                remembered = (look.generation, look.before.clone());
            }
            if looks.send(look).await.is_err() {
                return;
            }
        }
    }

    /// Has every topic compared with its anchor at the next look.
    pub(super) fn suspect(&mut self) {
        self.suspects.extend(self.hub.topics());
    }

    /// Looks and acts on it; whether a topic started over.
    pub(super) async fn check_now(&mut self) -> bool {
        let look = self.look().await;
        self.apply(look).await
    }

    /// Acts on what was found; whether the consumer has to start over.
    pub(super) async fn apply(&mut self, look: Look) -> bool {
        let states = match look.found {
            Ok(_) if look.generation != self.generation() => return false,
            Ok(states) => states,
            Err(error) => {
                tracing::debug!(%error, "the event log cannot be looked at");
                return false;
            }
        };
        self.note(&states, &look.before);
        let mut stale = false;
        for topic in &look.topics {
            let states = of(&states, topic);
            if look.changed.contains(topic) && !states.is_empty() {
                self.start_over(&states, ResetReason::Recreated);
                stale = true;
                continue;
            }
            stale |= self.apply_topic(topic, look.before.topic(topic), &states).await;
        }
        stale
    }

    async fn apply_topic(
        &mut self,
        topic: &Arc<str>,
        before: Option<&TopicPosition>,
        states: &[PartitionState],
    ) -> bool {
        let Some(before) = before else {
            // Declared since: it is joined at its present, since nobody could have left off in it.
            self.hub.declare(topic);
            let joined = states.iter().enumerate();
            return joined
                .fold(false, |any, (partition, state)| self.hub.follow(topic, partition, state.high) || any);
        };
        if states.is_empty() {
            if !before.next.is_empty() {
                self.suspects.insert(Arc::clone(topic));
            }
            return false;
        }
        if let Some(reason) = self.judge(before, states).await {
            self.start_over(states, reason);
            return true;
        }
        // Partitions that appeared are read from their beginning: all they hold came after the last look.
        let grown = states.iter().enumerate().skip(before.next.len());
        grown.fold(false, |any, (partition, state)| self.hub.follow(topic, partition, state.low) || any)
    }

    /// Whether the topic is no longer the one that was followed, or has dropped what was not read yet.
    async fn judge(&mut self, before: &TopicPosition, states: &[PartitionState]) -> Option<ResetReason> {
        if before.next.len() > states.len() {
            return Some(ResetReason::Recreated);
        }
        let mut partitions = before.next.iter().zip(states);
        if partitions.clone().any(|(next, state)| *next > state.high) {
            return Some(ResetReason::Recreated);
        }
        // A consumer that is fast enough is at times behind `low` in a look that is older than its last batch.
        let late = partitions.any(|(next, state)| *next < state.low);
        if !late && !self.suspects.contains(&before.name) {
            return None;
        }
        let now = self.hub.position();
        match verify(&*self.log, now.topic(&before.name).unwrap_or(before)).await {
            Ok(verdict) => {
                self.suspects.remove(&before.name);
                match verdict {
                    Verdict::Continues => None,
                    Verdict::Reset(reason) => Some(reason),
                }
            }
            // It stays suspected, and is asked about again at the next look.
            Err(_) => None,
        }
    }

    async fn look(&self) -> Look {
        let generation = self.generation();
        let (before, topics) = (self.hub.position(), self.declared());
        let found = self.log.partitions(&topics).await;
        // A producer that died is replaced though nobody publishes.
        self.log.appender();
        Look { generation, before, topics, found, changed: Vec::new() }
    }

    /// The topics whose remembered anchor is gone although retention has not reached it.
    async fn compare(
        &self,
        remembered: &Position,
        states: &[PartitionState],
    ) -> Result<Vec<Arc<str>>, LogError> {
        let anchors: Vec<_> = remembered
            .topics
            .iter()
            .filter_map(|topic| {
                let anchor = topic.anchor?;
                let state = of(states, &topic.name).into_iter().nth(anchor.partition)?;
                (anchor.offset >= state.low && anchor.offset < state.high).then_some((state, anchor))
            })
            .collect();
        missing_anchors(&*self.log, &anchors).await
    }

    fn start_over(&self, states: &[PartitionState], reason: ResetReason) {
        let topic = states.first().map_or("", |state| &state.topic);
        tracing::warn!(kafka.topic = topic, reason = reason.as_str(), "an event topic starts over");
        self.hub.start_over(states, reason);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn declared(&self) -> Vec<Arc<str>> {
        self.shared.topics.borrow().iter().map(|topic| Arc::clone(&topic.name)).collect()
    }

    /// Notes that the log answered, and how much of it is unread.
    fn note(&self, states: &[PartitionState], before: &Position) {
        let unread = states.iter().map(|state| {
            let topic = before.topic(&state.topic);
            let next = topic.and_then(|topic| topic.next.get(usize::try_from(state.partition).ok()?));
            next.map_or(0, |next| u64::try_from(state.high - next).unwrap_or(0))
        });
        *self.shared.contact.lock() = Contact { at: Some(Instant::now()), lag: unread.sum() };
    }
}

impl Look {
    /// Where the partitions ended.
    pub(super) fn ends(&self) -> Vec<PartitionStart> {
        self.found.as_deref().map(ends).unwrap_or_default()
    }
}

fn ends(states: &[PartitionState]) -> Vec<PartitionStart> {
    let end = |state: &PartitionState| PartitionStart {
        topic: Arc::clone(&state.topic),
        partition: state.partition,
        offset: state.high,
    };
    states.iter().map(end).collect()
}

/// A topic's partitions in order; none when one is missing in between, which happens while a topic is being created.
fn of(states: &[PartitionState], topic: &Arc<str>) -> Vec<PartitionState> {
    let mut found: Vec<_> = states.iter().filter(|state| state.topic == *topic).cloned().collect();
    found.sort_by_key(|state| state.partition);
    let whole = found.iter().enumerate().all(|(index, state)| usize::try_from(state.partition) == Ok(index));
    if whole { found } else { Vec::new() }
}
