use std::{
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use rdkafka::{
    ClientContext, Message as _,
    config::RDKafkaLogLevel,
    error::KafkaError,
    producer::{BaseProducer, DeliveryResult, ProducerContext},
};
use tokio::sync::oneshot;

use super::{KafkaConfig, context::LogContext};
use crate::log::{Appended, LogError};

/// How long one look for reports lasts. They are handed out as they come; it only bounds how long a client outlives its use.
const LOOK: Duration = Duration::from_secs(1);

/// Where the report on one record goes.
pub(super) type Report = oneshot::Sender<Result<Appended, KafkaError>>;

/// The client's delivery reports, each to whoever waits for it.
///
/// The library's own producer that has futures looks for them ten times a second, and spins for a millisecond at the end of each
/// look: a hundredth of a core for an instance that does nothing.
pub(super) struct Reports;

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        LogContext.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        LogContext.error(error, reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<Report>;

    fn delivery(&self, result: &DeliveryResult<'_>, report: Box<Report>) {
        let outcome = match result {
            Ok(record) => Ok(Appended { partition: record.partition(), offset: record.offset() }),
            Err((error, _)) => Err(error.clone()),
        };
        // Whoever published may have gone away.
        let _ = report.send(outcome);
    }
}

/// A client whose reports are handed out by a thread of its own, which ends after it.
///
/// # Errors
/// `LogError::Fatal` where the configuration makes no client, or there is no thread to be had.
pub(super) fn connect(config: &KafkaConfig) -> Result<Arc<BaseProducer<Reports>>, LogError> {
    let fatal = |error: &dyn std::fmt::Display| LogError::Fatal(error.to_string());
    let client = config.producer().create_with_context(Reports);
    let client: Arc<BaseProducer<Reports>> = Arc::new(client.map_err(|error| fatal(&error))?);
    let watched = Arc::downgrade(&client);
    let thread = thread::Builder::new().name("delivery reports".into());
    thread.spawn(move || hand_out(&watched)).map_err(|error| fatal(&error))?;
    Ok(client)
}

fn hand_out(client: &Weak<BaseProducer<Reports>>) {
    while let Some(client) = client.upgrade() {
        client.poll(LOOK);
    }
}
