//! A log that goes wrong on purpose.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use portico_stream::{
    AppendError, Appended, AppenderState, EventLog, LogBatch, LogConsumer, LogError, LogRange, LogRecord,
    NewRecord, PartitionStart, PartitionState, ReadLimit, TopicSpec,
};

/// A log whose first consumer goes wrong in the way that the test says.
pub(crate) struct Flawed {
    log: Arc<dyn EventLog>,
    first: Mutex<Option<Flaw>>,
}

#[derive(Clone, Copy)]
pub(crate) enum Flaw {
    /// It brings nothing and says nothing.
    Silent,
    /// It fails for good at once.
    Fatal,
}

impl Flawed {
    pub(crate) fn new(log: Arc<dyn EventLog>, flaw: Flaw) -> Self {
        Self { log, first: Mutex::new(Some(flaw)) }
    }
}

struct FlawedConsumer(Flaw);

#[async_trait]
impl LogConsumer for FlawedConsumer {
    async fn next(&mut self, _: &mut Vec<LogRecord>, _: usize) -> Result<(), LogError> {
        match self.0 {
            Flaw::Silent => std::future::pending().await,
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
        match self.first.lock().take() {
            Some(flaw) => Ok(Box::new(FlawedConsumer(flaw))),
            None => self.log.consume(from),
        }
    }

    async fn read(&self, ranges: Vec<LogRange>, limit: ReadLimit) -> Result<LogBatch, LogError> {
        self.log.read(ranges, limit).await
    }
}
