//! The one consumer of this instance, and what keeps it going.

use std::{sync::Arc, time::Duration};

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
    let follower = Follower::new(Arc::clone(&log), Arc::clone(&hub), Arc::clone(&shared));
    let targets = persist("looking at the event log", || follower.begin()).await;
    let mut pump = Pump { log, hub, consumer: None, stood: (Position::default(), Instant::now()) };
    pump.catch_up(targets).await;
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
    consumer: Option<Box<dyn LogConsumer>>,
    /// Where the hub was at the last look that found progress or nothing to do, and when.
    stood: (Position, Instant),
}

impl Pump {
    /// Reads what came before this instance, so that its history and its memory of repeats reach back, and so that a
    /// new stream begins at the present.
    async fn catch_up(&mut self, targets: Vec<PartitionStart>) {
        let mut last_progress = Instant::now();
        loop {
            let unread = unread(&self.hub, &targets);
            if unread.is_empty() {
                return;
            }
            if last_progress.elapsed() > QUIET {
                if is_empty(&*self.log, unread).await {
                    return;
                }
                last_progress = Instant::now();
            }
            match timeout(Duration::from_millis(100), self.take()).await {
                Ok(Ok(true)) => last_progress = Instant::now(),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "catching up goes on");
                    sleep(Duration::from_millis(100)).await;
                }
                _ => {}
            }
        }
    }

    /// Reads on for good.
    async fn follow(&mut self, mut follower: Follower, mut looks: mpsc::Receiver<Look>) {
        loop {
            let stale = tokio::select! {
                taken = self.take() => match taken {
                    Ok(_) => false,
                    Err(error) => self.recover(error, &mut follower).await,
                },
                Some(look) = looks.recv() => {
                    let stuck = self.is_stuck(&look).await;
                    follower.apply(look).await || stuck
                }
            };
            if stale {
                self.consumer = None;
            }
        }
    }

    /// Whether the log has records that the consumer does not bring, look after look.
    async fn is_stuck(&mut self, look: &Look) -> bool {
        let position = self.hub.position();
        let unread = unread(&self.hub, &look.ends());
        if unread.is_empty() || position != self.stood.0 {
            self.stood = (position, Instant::now());
            return false;
        }
        if self.stood.1.elapsed() < self.hub.config.stuck_after {
            return false;
        }
        self.stood.1 = Instant::now();
        if is_empty(&*self.log, unread).await {
            return false;
        }
        tracing::error!("the event consumer is stuck and is made anew");
        self.hub.metrics.consumer_restarts.increment();
        true
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
        Ok(any)
    }

    /// Decides what an error means; whether the consumer has to be made anew.
    async fn recover(&mut self, error: LogError, follower: &mut Follower) -> bool {
        self.hub.metrics.consumer_errors.increment();
        match error {
            LogError::Unavailable(_) | LogError::Timeout => {
                // The client reconnects by itself. A topic may be gone, though: the next look tells.
                tracing::debug!(%error, "the event consumer goes on");
                follower.suspect();
                if self.consumer.is_none() {
                    sleep(PAUSE).await;
                }
                false
            }
            LogError::OutOfRange | LogError::Fatal(_) => {
                tracing::error!(%error, "the event consumer is made anew");
                self.hub.metrics.consumer_restarts.increment();
                follower.suspect();
                sleep(PAUSE).await;
                follower.check_now().await;
                true
            }
        }
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
