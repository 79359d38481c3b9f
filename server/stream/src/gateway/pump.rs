//! The one consumer of this instance, and what keeps it going.

use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use portico_ports::Clock;
use tokio::{
    sync::mpsc,
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};

use super::{
    Shared,
    follow::{Follower, Look},
};
use crate::{
    hub::Hub,
    log::{EventLog, LogConsumer, LogError, LogRange, PartitionStart, ReadLimit},
    metrics::StreamMetrics,
    position::IdCodec,
};

/// How many records are taken in under one lock.
const BATCH: usize = 1024;
/// The pause before the log is asked again.
const PAUSE: Duration = Duration::from_millis(500);
/// How long catching up may bring nothing before it is checked whether anything is left: the last offsets of a
/// partition may hold no record, only markers of transactions.
const QUIET: Duration = Duration::from_secs(2);

/// Runs until it is aborted.
pub(super) async fn run(
    log: Arc<dyn EventLog>,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    metrics: Arc<StreamMetrics>,
) {
    let identity = persist("naming the event log", || log.identity()).await;
    let codec = IdCodec::new(&shared.config.id_key, &shared.config.former_id_keys, &identity);
    let hub = Arc::new(Hub::new(codec, shared.config.clone(), clock, metrics));
    let topics = shared.topics.borrow().clone();
    if let Err(error) = log.ensure_topics(&topics).await {
        // Not fatal: they may exist already, or be created by somebody else later.
        tracing::warn!(%error, "event topics were not created");
    }
    let mut follower = Follower::new(Arc::clone(&log), Arc::clone(&hub), Arc::clone(&shared));
    let targets = persist("looking at the event log", || follower.begin()).await;
    let (shared_too, waiting) = (Arc::clone(&shared), HashMap::new());
    let mut pump = Pump { log, hub, shared: shared_too, consumer: None, waiting, failed: false };
    pump.catch_up(targets, &mut follower).await;
    let _ = shared.hub.set(Arc::clone(&pump.hub));
    shared.ready.send_replace(true);
    tracing::info!(topics = topics.len(), "events flow");
    let (sender, looks) = mpsc::channel(1);
    let looker = tokio::spawn(follower.clone().look_regularly(sender)).abort_handle();
    let heartbeat = tokio::spawn(Arc::clone(&pump.hub).ping_regularly()).abort_handle();
    let _end_with_this = (AbortOnDrop(looker), AbortOnDrop(heartbeat));
    pump.follow(follower, looks).await;
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Asks until there is an answer.
async fn persist<T, F: Future<Output = Result<T, LogError>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let mut failures = 0_u64;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => {
                failures += 1;
                if failures.is_power_of_two() {
                    tracing::warn!(%error, failures, "{what} failed and is tried on");
                }
                sleep(PAUSE).await;
            }
        }
    }
}

struct Pump {
    log: Arc<dyn EventLog>,
    hub: Arc<Hub>,
    shared: Arc<Shared>,
    consumer: Option<Box<dyn LogConsumer>>,
    /// Partitions that had something to read at the last look: the next offset, and since when it has been that.
    waiting: HashMap<(Arc<str>, i32), (i64, Instant)>,
    /// Whether a consumer failed since one has brought records.
    failed: bool,
}

impl Pump {
    /// Reads what came before this instance, so that its history and its memory of repeats reach back, and so that a
    /// new stream begins at the present.
    async fn catch_up(&mut self, targets: Vec<PartitionStart>, follower: &mut Follower) {
        let (mut last_progress, mut last_look) = (Instant::now(), Instant::now());
        loop {
            let unread = unread(&self.hub, &targets);
            if unread.is_empty() {
                return;
            }
            if last_look.elapsed() > QUIET {
                if is_empty(&*self.log, unread).await {
                    return;
                }
                last_look = Instant::now();
            }
            if last_progress.elapsed() > self.hub.config.stuck_after {
                self.replace("the event consumer brings nothing");
                last_progress = Instant::now();
            }
            match timeout(Duration::from_millis(100), self.take()).await {
                Ok(Ok(true)) => (last_progress, last_look) = (Instant::now(), Instant::now()),
                Ok(Err(error)) => {
                    self.recover(error, follower).await;
                    sleep(Duration::from_millis(100)).await;
                }
                _ => {}
            }
        }
    }

    /// Reads on for good.
    async fn follow(&mut self, mut follower: Follower, mut looks: mpsc::Receiver<Look>) {
        loop {
            tokio::select! {
                taken = self.take() => {
                    if let Err(error) = taken {
                        self.recover(error, &mut follower).await;
                    }
                }
                Some(look) = looks.recv() => {
                    self.watch(&look).await;
                    if follower.apply(look).await {
                        // What was overdue may be of a topic that is no longer there.
                        self.shared.consumption.lock().caught_up();
                        self.consumer = None;
                    }
                }
            }
        }
    }

    /// Looks whether the log has records that the consumer does not bring, look after look: then the instance is in trouble,
    /// and after a while the consumer is made anew. One partition is enough, whatever comes of the others.
    async fn watch(&mut self, look: &Look) {
        let unread_of = |ends: &[PartitionStart]| unread(&self.hub, ends);
        if unread_of(self.shared.consumption.lock().overdue()).is_empty() {
            self.shared.consumption.lock().caught_up();
        }
        let unread = unread_of(&look.ends());
        let (late, longest) = self.late(unread);
        if late.is_empty() {
            return;
        }
        let known = !self.shared.consumption.lock().overdue().is_empty();
        if !known && is_empty(&*self.log, late.clone()).await {
            self.waiting.clear();
            return;
        }
        if !known {
            let (topic, partition) = late.first().map_or(("", 0), |late| (&*late.topic, late.partition));
            tracing::error!(
                kafka.topic = topic,
                kafka.partition = partition,
                "the event consumer does not bring what the event log has"
            );
        }
        let ends = late.into_iter().map(|late| PartitionStart {
            topic: late.topic,
            partition: late.partition,
            offset: late.to,
        });
        self.shared.consumption.lock().stalled(ends.collect());
        if longest >= self.hub.config.stuck_after {
            self.replace("the event consumer is stuck");
            self.waiting.clear();
        }
    }

    /// What has been unread for too long without any progress in its partition, and the longest time of these.
    fn late(&mut self, unread: Vec<LogRange>) -> (Vec<LogRange>, Duration) {
        let (before, now) = (mem::take(&mut self.waiting), Instant::now());
        let (mut late, mut longest) = (Vec::new(), Duration::ZERO);
        for range in unread {
            let partition = (Arc::clone(&range.topic), range.partition);
            let known = before.get(&partition).filter(|(next, _)| *next == range.from);
            let since = known.map_or(now, |(_, since)| *since);
            self.waiting.insert(partition, (range.from, since));
            let waits = now - since;
            if waits >= self.hub.config.stalled_after {
                longest = longest.max(waits);
                late.push(range);
            }
        }
        (late, longest)
    }

    /// Takes in the next records; whether there were any. May be dropped at any await without losing one.
    async fn take(&mut self) -> Result<bool, LogError> {
        let consumer = match &mut self.consumer {
            Some(consumer) => consumer,
            none => none.insert(self.log.consume(&starts(&self.hub))?),
        };
        let mut records = Vec::new();
        consumer.next(&mut records, BATCH).await?;
        let any = !records.is_empty();
        self.hub.dispatch(records);
        if any && mem::take(&mut self.failed) {
            self.shared.consumption.lock().brought();
        }
        Ok(any)
    }

    /// Decides what an error means, and makes the consumer anew where it is beyond repair.
    async fn recover(&mut self, error: LogError, follower: &mut Follower) {
        self.hub.metrics.consumer_errors.increment();
        follower.suspect();
        match error {
            LogError::Unavailable(_) | LogError::Timeout => {
                // The client reconnects by itself. A topic may be gone, though: the next look tells.
                tracing::debug!(%error, "the event consumer goes on");
                if self.consumer.is_none() {
                    sleep(PAUSE).await;
                }
            }
            LogError::OutOfRange | LogError::Fatal(_) => {
                self.failed = true;
                self.shared.consumption.lock().failed(error.to_string());
                self.replace(&error.to_string());
                sleep(PAUSE).await;
                if follower.check_now().await {
                    self.shared.consumption.lock().caught_up();
                }
            }
        }
    }

    /// Has the consumer made anew when the next records are taken.
    fn replace(&mut self, reason: &str) {
        tracing::error!(reason, "the event consumer is made anew");
        self.hub.metrics.consumer_restarts.increment();
        self.consumer = None;
    }
}

/// Where a consumer has to start to go on from what the hub has.
fn starts(hub: &Hub) -> Vec<PartitionStart> {
    let mut starts = Vec::new();
    for topic in hub.position().topics {
        for (partition, offset) in topic.next.iter().enumerate() {
            let (topic, partition) = (Arc::clone(&topic.name), partition as i32);
            starts.push(PartitionStart { topic, partition, offset: *offset });
        }
    }
    starts
}

/// What the hub has yet to read of the log up to `targets`.
fn unread(hub: &Hub, targets: &[PartitionStart]) -> Vec<LogRange> {
    let position = hub.position();
    let ranges = targets.iter().filter_map(|target| {
        let next = position.topic(&target.topic)?.next.get(usize::try_from(target.partition).ok()?)?;
        (*next < target.offset).then(|| LogRange {
            topic: Arc::clone(&target.topic),
            partition: target.partition,
            from: *next,
            to: target.offset,
        })
    });
    ranges.collect()
}

/// Whether the ranges hold no record that could be read now, only markers of transactions or gaps of compaction.
async fn is_empty(log: &dyn EventLog, ranges: Vec<LogRange>) -> bool {
    let limit = ReadLimit { records: 1, bytes: usize::MAX, patience: QUIET };
    log.read(ranges, limit).await.is_ok_and(|batch| batch.records.is_empty() && batch.complete)
}
