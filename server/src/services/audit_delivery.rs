use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use portico_audit::{AuditDelivery, DeliveryError};
use portico_stream::{AppendError, EventLog, NewRecord, TopicSpec};

/// Audit events to one topic of the event log: structured CloudEvents, acknowledged by every in-sync replica.
pub struct KafkaDelivery {
    log: Arc<dyn EventLog>,
    topic: TopicSpec,
}

impl KafkaDelivery {
    /// To `topic`, which is created with this many partitions where topics may be created.
    pub fn new(log: Arc<dyn EventLog>, topic: &str, partitions: i32) -> Self {
        Self { log, topic: TopicSpec { name: topic.into(), partitions } }
    }
}

#[async_trait]
impl AuditDelivery for KafkaDelivery {
    async fn deliver(&self, key: &str, event: &str) -> Result<(), DeliveryError> {
        let record = NewRecord {
            topic: self.topic.name.clone(),
            key: key.to_owned(),
            value: Bytes::copy_from_slice(event.as_bytes()),
            headers: vec![("content-type", "application/cloudevents+json; charset=UTF-8".into())],
        };
        match self.log.append(record).await {
            Ok(_) => Ok(()),
            Err(error @ AppendError::TooLarge) => Err(DeliveryError::Rejected(error.to_string())),
            Err(error) => {
                if let AppendError::TopicUnavailable(_) = error
                    && let Err(error) = self.log.ensure_topics(std::slice::from_ref(&self.topic)).await
                {
                    tracing::warn!(error.message = %error, "the audit topic cannot be created");
                }
                Err(DeliveryError::Unavailable(error.to_string()))
            }
        }
    }
}
