use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer},
    error::KafkaError,
    message::{BorrowedHeaders, BorrowedMessage, Headers as _},
};

use super::{KafkaConfig, context::LogContext};
use crate::log::{LogConsumer, LogError, LogRecord, PartitionStart};

/// A consumer that is assigned its partitions by hand: no group, no rebalance, no committed offsets.
pub(super) struct AssignedConsumer {
    client: StreamConsumer<LogContext>,
    topics: TopicNames,
    /// Met after records that had to be delivered first; told at the next call.
    error: Option<LogError>,
}

impl AssignedConsumer {
    pub(super) fn start(config: &KafkaConfig, from: &[PartitionStart]) -> Result<Self, LogError> {
        let client: StreamConsumer<LogContext> =
            config.consumer().create_with_context(LogContext).map_err(log_error)?;
        client.assign(&assignment(from)?).map_err(log_error)?;
        let topics = TopicNames::new(from.iter().map(|start| &start.topic));
        Ok(Self { client, topics, error: None })
    }
}

#[async_trait]
impl LogConsumer for AssignedConsumer {
    async fn next(&mut self, records: &mut Vec<LogRecord>, max: usize) -> Result<(), LogError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let mut messages = self.client.stream();
        // The one await: whoever drops this future drops no record with it.
        let mut message = messages.next().await;
        while let Some(next) = message {
            match next {
                Ok(message) => records.push(owned(&message, &mut self.topics)),
                Err(error) if records.is_empty() => return Err(log_error(error)),
                Err(error) => {
                    self.error = Some(log_error(error));
                    return Ok(());
                }
            }
            if records.len() >= max {
                return Ok(());
            }
            message = messages.next().now_or_never().flatten();
        }
        Ok(())
    }
}

/// Topic names as they stand in records, each allocated once.
pub(super) struct TopicNames(HashSet<Arc<str>>);

impl TopicNames {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> Self {
        Self(names.cloned().collect())
    }

    fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(shared) = self.0.get(name) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = name.into();
        self.0.insert(Arc::clone(&shared));
        shared
    }
}

/// The assignment that starts each partition at its offset.
pub(super) fn assignment(from: &[PartitionStart]) -> Result<TopicPartitionList, LogError> {
    let mut list = TopicPartitionList::with_capacity(from.len());
    for start in from {
        list.add_partition_offset(&start.topic, start.partition, Offset::Offset(start.offset))
            .map_err(log_error)?;
    }
    Ok(list)
}

/// Copies a record out of librdkafka's buffers.
pub(super) fn owned(message: &BorrowedMessage<'_>, topics: &mut TopicNames) -> LogRecord {
    LogRecord {
        topic: topics.shared(message.topic()),
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().unwrap_or(-1),
        key: message.key().map(Bytes::copy_from_slice),
        headers: message.headers().map_or_else(|| Some(Vec::new()), owned_headers),
        value: message.payload().map(Bytes::copy_from_slice),
    }
}

/// rdkafka panics where a header's name is not UTF-8, which anyone who writes to the topic may send.
fn owned_headers(headers: &BorrowedHeaders) -> Option<Vec<(Box<str>, Bytes)>> {
    let copy = || {
        let headers = headers.iter();
        headers
            .map(|header| (header.key.into(), Bytes::copy_from_slice(header.value.unwrap_or_default())))
            .collect()
    };
    catch_unwind(AssertUnwindSafe(copy)).ok()
}

/// Sorts librdkafka's errors into what passes and what does not.
pub(super) fn log_error(error: KafkaError) -> LogError {
    use rdkafka::error::RDKafkaErrorCode as Code;
    if let KafkaError::MessageConsumptionFatal(_) = error {
        return LogError::Fatal(error.to_string());
    }
    match error.rdkafka_error_code() {
        Some(Code::Fatal | Code::Fenced) => LogError::Fatal(error.to_string()),
        Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => LogError::OutOfRange,
        Some(Code::OperationTimedOut | Code::RequestTimedOut | Code::TimedOutQueue) => LogError::Timeout,
        _ => LogError::Unavailable(error.to_string()),
    }
}
