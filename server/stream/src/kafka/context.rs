use rdkafka::{ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError};

/// Carries librdkafka's own log lines and errors into the portal's log.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogContext;

impl ClientContext for LogContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => {
                tracing::warn!(target: "kafka", { kafka.facility = facility }, "{message}");
            }
            RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(target: "kafka", { kafka.facility = facility }, "{message}");
            }
            RDKafkaLogLevel::Debug => {
                tracing::debug!(target: "kafka", { kafka.facility = facility }, "{message}");
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(target: "kafka", { kafka.error = %error }, "{reason}");
    }
}

impl ConsumerContext for LogContext {}
