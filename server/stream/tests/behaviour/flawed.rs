//! A log that goes wrong on purpose.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use parking_lot::Mutex;
use portico_stream::{
    AppendError, Appended, AppenderState, EventLog, LogBatch, LogConsumer, LogError, LogRange, LogRecord,
    NewRecord, PartitionStart, PartitionState, ReadLimit, TopicSpec,
};

/// A log whose consumers go wrong, in the way that the test says, for as long as it says.
pub(crate) struct Flawed {
    log: Arc<dyn EventLog>,
    flaw: Mutex<Flaw>,
    /// How many consumers are still to go wrong.
    left: AtomicUsize,
    /// How many there were of both kinds.
    consumers: AtomicUsize,
}

#[derive(Clone, Copy)]
pub(crate) enum Flaw {
    /// It brings nothing and says nothing.
    Silent,
    /// It brings nothing of one partition.
    Deaf,
    /// It fails for good at once.
    Fatal,
}

impl Flawed {
    /// The first consumer goes wrong.
    pub(crate) fn once(log: Arc<dyn EventLog>, flaw: Flaw) -> Self {
        Self { log, flaw: Mutex::new(flaw), left: AtomicUsize::new(1), consumers: AtomicUsize::new(0) }
    }

    /// The next consumers go wrong as well, until there is an end to it.
    pub(crate) fn goes_on(&self, flaw: Flaw) {
        *self.flaw.lock() = flaw;
        self.left.store(usize::MAX, Ordering::SeqCst);
    }

    /// How many consumers there were.
    pub(crate) fn consumers(&self) -> usize {
        self.consumers.load(Ordering::SeqCst)
    }

    /// From now on consumers work.
    pub(crate) fn ends(&self) {
        self.left.store(0, Ordering::SeqCst);
    }
}

struct FlawedConsumer(Flaw);

#[async_trait]
impl LogConsumer for FlawedConsumer {
    async fn next(&mut self, _: &mut Vec<LogRecord>, _: usize) -> Result<(), LogError> {
        match self.0 {
            Flaw::Silent | Flaw::Deaf => std::future::pending().await,
            Flaw::Fatal => Err(LogError::Fatal("broken".into())),
        }
    }
}

#[async_trait]
impl EventLog for Flawed {
    async fn append(&self, record: NewRecord) -> Result<Appended, AppendError> {
        self.log.append(record).await
    }

    async fn identity(&self) -> Result<String, LogError> {
        self.log.identity().await
    }

    async fn ensure_topics(&self, topics: &[TopicSpec]) -> Result<(), LogError> {
        self.log.ensure_topics(topics).await
    }

    async fn partitions(&self, topics: &[Arc<str>]) -> Result<Vec<PartitionState>, LogError> {
        self.log.partitions(topics).await
    }

    fn appender(&self) -> AppenderState {
        self.log.appender()
    }

    fn consume(&self, from: &[PartitionStart]) -> Result<Box<dyn LogConsumer>, LogError> {
        self.consumers.fetch_add(1, Ordering::SeqCst);
        let less = |left: usize| left.checked_sub(1);
        match self.left.try_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Err(_) => self.log.consume(from),
            Ok(_) => match *self.flaw.lock() {
                Flaw::Deaf => self.log.consume(from.get(1..).unwrap_or_default()),
                flaw => Ok(Box::new(FlawedConsumer(flaw))),
            },
        }
    }

    async fn read(&self, ranges: Vec<LogRange>, limit: ReadLimit) -> Result<LogBatch, LogError> {
        self.log.read(ranges, limit).await
    }
}
