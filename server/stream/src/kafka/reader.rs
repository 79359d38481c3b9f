use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    Message as _,
    consumer::{BaseConsumer, Consumer as _, base_consumer::PartitionQueue},
    error::KafkaError,
};

use super::{
    KafkaConfig,
    consumer::{TopicNames, assignment, log_error, owned},
    context::LogContext,
};
use crate::log::{LogBatch, LogError, LogRange, LogRecord, PartitionStart, ReadLimit};

/// How long one look into a partition's queue may take while others may have records.
const LOOK: Duration = Duration::from_millis(5);

/// Reads the ranges with a consumer of their own; blocks, so it belongs on a blocking thread.
///
/// Each partition has its own queue, which gives the merge by timestamp and tells which partition ended.
pub(super) fn read(
    config: &KafkaConfig,
    ranges: &[LogRange],
    limit: ReadLimit,
) -> Result<LogBatch, LogError> {
    let client: Arc<BaseConsumer<LogContext>> =
        Arc::new(config.reader().create_with_context(LogContext).map_err(log_error)?);
    let starts: Vec<_> = ranges
        .iter()
        .map(|range| PartitionStart {
            topic: Arc::clone(&range.topic),
            partition: range.partition,
            offset: range.from,
        })
        .collect();
    client.assign(&assignment(&starts)?).map_err(log_error)?;
    let mut merge = Merge {
        names: TopicNames::new(ranges.iter().map(|range| &range.topic)),
        sources: ranges.iter().map(|range| Source::open(&client, range)).collect::<Result<_, _>>()?,
        client,
        last_progress: Instant::now(),
        patience: limit.patience,
    };
    let mut batch = LogBatch::default();
    let mut bytes = 0;
    while batch.records.len() < limit.records && bytes < limit.bytes {
        let Some(record) = merge.next()? else {
            batch.complete = true;
            return Ok(batch);
        };
        bytes += record.value.as_ref().map_or(0, bytes::Bytes::len);
        batch.records.push(record);
    }
    batch.complete = merge.is_at_end();
    Ok(batch)
}

struct Merge {
    client: Arc<BaseConsumer<LogContext>>,
    sources: Vec<Source>,
    names: TopicNames,
    last_progress: Instant,
    patience: Duration,
}

impl Merge {
    /// The oldest record among the partitions' next ones. Waits until each has shown its next one or its end.
    fn next(&mut self) -> Result<Option<LogRecord>, LogError> {
        loop {
            self.take_strays()?;
            let mut waiting = false;
            for source in &mut self.sources {
                if source.look(&mut self.names)? {
                    self.last_progress = Instant::now();
                }
                waiting |= source.is_waiting();
            }
            if !waiting {
                break;
            }
            if self.last_progress.elapsed() > self.patience {
                return Err(LogError::Timeout);
            }
        }
        let heads = self.sources.iter_mut().filter(|source| !source.heads.is_empty());
        let oldest = heads.min_by_key(|source| source.heads.front().map(|record| record.timestamp));
        Ok(oldest.and_then(|source| source.heads.pop_front()))
    }

    /// Serves the client's own queue; without it errors and logs would pile up. Records that were fetched before their
    /// partition had a queue of its own stand there too, ahead of all that is in that queue.
    fn take_strays(&mut self) -> Result<(), LogError> {
        while let Some(polled) = self.client.poll(Duration::ZERO) {
            match polled {
                Ok(message) => {
                    let (topic, partition) = (message.topic(), message.partition());
                    let source = self.sources.iter_mut().find(|source| source.is_of(topic, partition));
                    if let Some(source) = source {
                        source.take(owned(&message, &mut self.names));
                        self.last_progress = Instant::now();
                    }
                }
                // It does not say of which topic.
                Err(KafkaError::PartitionEOF(partition)) => {
                    let mut of_partition = self.sources.iter_mut().filter(|one| one.partition == partition);
                    if let (Some(source), None) = (of_partition.next(), of_partition.next()) {
                        source.ended = true;
                    }
                }
                Err(error) => {
                    if let fatal @ LogError::Fatal(_) = log_error(error) {
                        return Err(fatal);
                    }
                }
            }
        }
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.sources.iter().all(|source| source.ended && source.heads.is_empty())
    }
}

/// One partition's part of the read.
struct Source {
    queue: PartitionQueue<LogContext>,
    topic: Arc<str>,
    partition: i32,
    to: i64,
    heads: VecDeque<LogRecord>,
    ended: bool,
}

impl Source {
    fn open(client: &Arc<BaseConsumer<LogContext>>, range: &LogRange) -> Result<Self, LogError> {
        let queue = client
            .split_partition_queue(&range.topic, range.partition)
            .ok_or_else(|| LogError::Unavailable(format!("no queue for topic {}", range.topic)))?;
        let (topic, partition, to) = (Arc::clone(&range.topic), range.partition, range.to);
        Ok(Self { queue, topic, partition, to, heads: VecDeque::new(), ended: range.from >= range.to })
    }

    fn is_of(&self, topic: &str, partition: i32) -> bool {
        self.partition == partition && *self.topic == *topic
    }

    /// Puts a record behind those at hand; one that lies beyond the range ends it.
    fn take(&mut self, record: LogRecord) {
        self.ended |= record.offset + 1 >= self.to;
        if record.offset < self.to {
            self.heads.push_back(record);
        }
    }

    fn is_waiting(&self) -> bool {
        !self.ended && self.heads.is_empty()
    }

    /// Takes the next record when none is at hand; whether anything came.
    fn look(&mut self, names: &mut TopicNames) -> Result<bool, LogError> {
        if !self.is_waiting() {
            return Ok(false);
        }
        match self.queue.poll(LOOK) {
            None => return Ok(false),
            Some(Ok(message)) => {
                let record = owned(&message, names);
                drop(message);
                self.take(record);
            }
            Some(Err(KafkaError::PartitionEOF(_))) => self.ended = true,
            Some(Err(error)) => match log_error(error) {
                lasting @ (LogError::Fatal(_) | LogError::OutOfRange) => return Err(lasting),
                passing => {
                    tracing::debug!(error = %passing, "reading history goes on");
                    return Ok(false);
                }
            },
        }
        Ok(true)
    }
}
