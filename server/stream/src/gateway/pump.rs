//! The one consumer of this instance, and what keeps it going.

use std::{mem, sync::Arc, time::Duration};

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
    position::{IdCodec, Position},
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
    let stood = (Position::default(), Instant::now());
    let mut pump = Pump { log, hub, shared: Arc::clone(&shared), consumer: None, stood, failed: false };
    pump.catch_up(targets, &mut follower).await;
    let _ = shared.hub.set(Arc::clone(&pump.hub));
    shared.ready.send_replace(true);
    tracing::info!(topics = topics.len(), "events flow");
    let (sender, looks) = mpsc::channel(1);
    let looker = tokio::spawn(follower.clone().look_regularly(sender)).abort_handle();
    let _ends_with_this = AbortOnDrop(looker);
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
    /// Where the hub was at the last look that found progress or nothing to do, and when.
    stood: (Position, Instant),
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
    /// and after a while the consumer is made anew.
    async fn watch(&mut self, look: &Look) {
        let position = self.hub.position();
        let unread_of = |ends: &[PartitionStart]| unread(&self.hub, ends);
        if unread_of(self.shared.consumption.lock().overdue()).is_empty() {
            self.shared.consumption.lock().caught_up();
        }
        let unread = unread_of(&look.ends());
        if unread.is_empty() || position != self.stood.0 {
            self.stood = (position, Instant::now());
            return;
        }
        let still = self.stood.1.elapsed();
        if still < self.hub.config.stalled_after {
            return;
        }
        let known = !self.shared.consumption.lock().overdue().is_empty();
        if !known && is_empty(&*self.log, unread).await {
            self.stood.1 = Instant::now();
            return;
        }
        if !known {
            tracing::error!("the event consumer does not bring what the event log has");
        }
        self.shared.consumption.lock().stalled(look.ends());
        if still >= self.hub.config.stuck_after {
            self.replace("the event consumer is stuck");
            self.stood.1 = Instant::now();
        }
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
