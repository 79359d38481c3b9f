use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

use super::{
    Cursor,
    verify::{Verdict, verify},
};
use crate::{
    frame::{self, EventFrame},
    hub::{Attached, Hub, Memory, ResetReason, Subscriber},
    log::{EventLog, LogBatch, LogError, LogRange, LogRecord, ReadLimit},
    position::{DecodedId, Position, Scope},
};

/// The pause after the first attempt that failed.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between two attempts while the log does not answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Brings one stream from where its client left off to the live feed, part by part, each as fast as it is read.
pub(crate) struct Resume {
    hub: Arc<Hub>,
    log: Arc<dyn EventLog>,
    subscriber: Arc<Subscriber>,
    cursor: Cursor,
    /// Whether the position was checked against the log as it is now.
    verified: bool,
    /// Known from the start to be needed.
    reset: Option<ResetReason>,
    pause: Duration,
}

/// One part of a resume.
pub(crate) struct Step {
    /// To be sent, in order.
    pub(crate) frames: VecDeque<Bytes>,
    /// What remains, and the id of the place just after the frames; `None` when the stream is live.
    pub(crate) rest: Option<(Box<Resume>, String)>,
}

impl Resume {
    pub(crate) fn new(
        hub: Arc<Hub>,
        log: Arc<dyn EventLog>,
        subscriber: Arc<Subscriber>,
        id: DecodedId,
    ) -> Self {
        // Offsets of another log mean nothing here: the client joins the present and is told.
        let (position, reset) = match id.same_log {
            true => (id.position, None),
            false => (Position::default(), Some(ResetReason::Recreated)),
        };
        let (cursor, pause) = (Cursor::new(position), FIRST_PAUSE);
        hub.metrics.resuming.increment();
        Self { hub, log, subscriber, cursor, verified: false, reset, pause }
    }

    /// The next part. Waits as long as it takes: while the log is down, the stream stays open.
    pub(crate) async fn step(mut self: Box<Self>) -> Step {
        loop {
            match self.attempt().await {
                Ok(Progress { frames, live }) => {
                    self.pause = FIRST_PAUSE;
                    if live {
                        return Step { frames, rest: None };
                    }
                    let id = self.hub.id_at(&self.cursor.position, &self.subscriber);
                    return Step { frames, rest: Some((self, id)) };
                }
                Err(LogError::OutOfRange) => self.verified = false,
                Err(error) => {
                    tracing::debug!(%error, "resuming waits for the event log");
                    tokio::time::sleep(self.pause).await;
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn attempt(&mut self) -> Result<Progress, LogError> {
        if !self.verified {
            let resets = self.verify().await?;
            self.verified = true;
            if !resets.is_empty() {
                return Ok(Progress { frames: resets, live: false });
            }
        }
        // Asked for before attaching, so that a batch which comes in between is not missed.
        let hub = Arc::clone(&self.hub);
        let progress = hub.progress.notified();
        match self.hub.attach(&self.subscriber, &mut self.cursor) {
            Attached::Live(frames) => {
                self.subscriber.set_behind(0);
                self.hub.metrics.resumed.increment();
                Ok(Progress { frames: frames.into(), live: true })
            }
            Attached::Portion(frames) => Ok(Progress { frames: frames.into(), live: false }),
            Attached::Older(ranges) => self.read(ranges).await,
            Attached::Ahead => {
                // A timeout as well: this instance may wait for a topic that it has yet to notice.
                let waited = tokio::time::timeout(Duration::from_secs(2), progress).await;
                self.verified = waited.is_ok();
                Ok(Progress { frames: VecDeque::new(), live: false })
            }
        }
    }

    /// Checks every topic of the position; those that cannot be continued join the present, and the client is told.
    async fn verify(&mut self) -> Result<VecDeque<Bytes>, LogError> {
        let mut worst = self.reset.take();
        // Of another log, everything is unknown.
        let mut lost: HashSet<Arc<str>> = match worst {
            Some(_) => self.subscriber.types.iter().map(|wanted| Arc::clone(&wanted.topic)).collect(),
            None => HashSet::new(),
        };
        let unknown: Vec<_> = self.cursor.position.topics.clone();
        for topic in unknown {
            let verdict = match self.hub.recall(&topic) {
                Memory::Passed => Verdict::Continues,
                Memory::Differs => Verdict::Reset(ResetReason::Recreated),
                Memory::Unknown => verify(&*self.log, &topic).await?,
            };
            if let Verdict::Reset(reason) = verdict {
                tracing::info!(
                    kafka.topic = &*topic.name,
                    reason = reason.as_str(),
                    "a stream cannot resume"
                );
                // Left out of the position, the topic is joined where it is when the stream attaches.
                self.cursor.position.topics.retain(|kept| kept.name != topic.name);
                worst = Some(reason);
                lost.insert(topic.name);
            }
        }
        let Some(reason) = worst else { return Ok(VecDeque::new()) };
        self.join_present();
        let id = self.hub.id_at(&self.cursor.position, &self.subscriber);
        let mut types = self.subscriber.types.iter().filter(|wanted| lost.contains(&wanted.topic)).peekable();
        if types.peek().is_none() {
            // What is lost is nothing that this stream carries.
            return Ok(VecDeque::new());
        }
        self.hub.metrics.resets.increment();
        Ok(VecDeque::from([frame::reset(&id, reason.as_str(), types)]))
    }

    /// Gives topics that the position lacks the place where this instance is now, so that the fresh id has them.
    fn join_present(&mut self) {
        for topic in self.hub.position().topics {
            if self.cursor.position.topic(&topic.name).is_none() {
                self.cursor.position.topics.push(topic);
            }
        }
    }

    async fn read(&mut self, ranges: Vec<LogRange>) -> Result<Progress, LogError> {
        let history = &self.hub.config.history;
        let limit = ReadLimit {
            records: history.read_records,
            bytes: history.read_bytes,
            patience: history.read_patience,
        };
        self.hub.metrics.history_reads.increment();
        self.subscriber.set_behind(ranges.iter().map(|range| (range.to - range.from).unsigned_abs()).sum());
        let LogBatch { records, complete } = self.log.read(ranges.clone(), limit).await?;
        self.hub.metrics.history_records.add(records.len() as u64);
        let frames: VecDeque<_> = records.iter().filter_map(|record| self.pass(record)).collect();
        if complete {
            // The last offsets of a range may hold no record: markers of transactions, compacted ones.
            for range in ranges {
                self.skip_to(&range);
            }
        }
        self.hub.metrics.frames_replayed.add(frames.len() as u64);
        Ok(Progress { frames, live: false })
    }

    /// Moves past a record; its frame when it is for this stream.
    fn pass(&mut self, record: &LogRecord) -> Option<Bytes> {
        let partition = usize::try_from(record.partition).ok()?;
        let topic = self.cursor.position.topic_mut(&record.topic)?;
        topic.advance(partition, record.offset, record.timestamp);
        let event = self.hub.route(record)?;
        let mine = event.org == *self.subscriber.org
            && event.user.as_deref().is_none_or(|user| user == &*self.subscriber.user)
            && self.subscriber.wants(&record.topic, &event.kind);
        let repeat = self.hub.hasher.key(&event.org, event.user.as_deref(), &event.source, &event.id);
        if !mine || !self.cursor.given.is_new(repeat) {
            return None;
        }
        let scope = Scope { org: &event.org, user: event.user.as_deref() };
        let id = self.hub.codec.encode(&self.cursor.position, scope);
        Some(EventFrame::new(&event.kind, &id, &event.json).bytes().clone())
    }

    fn skip_to(&mut self, range: &LogRange) {
        let topic = self.cursor.position.topic_mut(&range.topic);
        let next = topic.and_then(|topic| topic.next.get_mut(usize::try_from(range.partition).ok()?));
        if let Some(next) = next {
            *next = (*next).max(range.to);
        }
    }
}

impl Drop for Resume {
    fn drop(&mut self) {
        self.hub.metrics.resuming.decrement();
    }
}

struct Progress {
    frames: VecDeque<Bytes>,
    live: bool,
}
