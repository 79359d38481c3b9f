use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use portico_audit::{AuditDelivery, DeliveryError};
use portico_stream::{AppendError, EventLog, NewRecord, TopicSpec};

/// Audit events to one topic of the event log: structured CloudEvents, acknowledged by every in-sync replica.
pub struct KafkaDelivery {
    log: Arc<dyn EventLog>,
    topic: TopicSpec,
    /// Whether the topic was there, or made, since the last time that it was missing.
    declared: AtomicBool,
}

impl KafkaDelivery {
    /// To `topic`, which is created with this many partitions where topics may be created.
    pub fn new(log: Arc<dyn EventLog>, topic: &str, partitions: i32) -> Self {
        let topic = TopicSpec { name: topic.into(), partitions };
        Self { log, topic, declared: AtomicBool::new(false) }
    }

    /// Asked first: a client that is given a record for a topic nobody knows waits long for it to appear.
    async fn declare(&self) -> Result<(), DeliveryError> {
        if self.declared.load(Ordering::Relaxed) {
            return Ok(());
        }
        let declared = self.log.ensure_topics(std::slice::from_ref(&self.topic)).await;
        declared.map_err(|error| DeliveryError::Unavailable(format!("the audit topic: {error}")))?;
        self.declared.store(true, Ordering::Relaxed);
        Ok(())
    }
}

#[async_trait]
impl AuditDelivery for KafkaDelivery {
    async fn deliver(&self, key: &str, event: &str) -> Result<(), DeliveryError> {
        self.declare().await?;
        let record = NewRecord {
            topic: self.topic.name.clone(),
            key: key.to_owned(),
            value: Bytes::copy_from_slice(event.as_bytes()),
            headers: vec![("content-type".into(), "application/cloudevents+json; charset=UTF-8".into())],
        };
        match self.log.append(record).await {
            Ok(_) => Ok(()),
            Err(error @ AppendError::TooLarge) => Err(DeliveryError::Rejected(error.to_string())),
            Err(error) => {
                if matches!(error, AppendError::TopicUnavailable(_)) {
                    self.declared.store(false, Ordering::Relaxed);
                }
                Err(DeliveryError::Unavailable(error.to_string()))
            }
        }
    }
}
