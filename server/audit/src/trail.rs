use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use portico_telemetry::{Exposition, Kind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::{AuditEvent, Spool, SpoolError, SpoolLimits, Spooled};

/// Where audit events go.
#[async_trait]
pub trait AuditSink: Send + Sync + std::fmt::Debug + 'static {
    /// Takes an event. Never waits: a request does not depend on the audit's destination.
    fn record(&self, event: AuditEvent);

    /// Whether nothing has been lost since the last event that was kept.
    ///
    /// # Errors
    /// Why events are being lost.
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    /// Writes what it has done, and what waits.
    fn expose(&self, _out: &mut Exposition) {}

    /// How many events wait for delivery.
    fn waiting(&self) -> u64 {
        0
    }

    /// Returns once everything recorded so far is safe.
    async fn flush(&self) {}
}

/// The log alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogOnly;

impl AuditSink for LogOnly {
    fn record(&self, event: AuditEvent) {
        event.log();
    }
}

/// The event log that events are delivered to.
#[async_trait]
pub trait AuditDelivery: Send + Sync + 'static {
    /// Delivers one CloudEvent (structured JSON) under a key; events of one key keep their order. Returns once it is
    /// acknowledged.
    async fn deliver(&self, key: &str, event: &str) -> Result<(), DeliveryError>;
}

/// Why an event was not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeliveryError {
    /// It may be later: the event stays in the spool.
    #[error("{0}")]
    Unavailable(String),
    /// It never will be, and must not hold up those behind it.
    #[error("{0}")]
    Rejected(String),
}

/// What the trail has done since it started.
#[derive(Debug, Default)]
pub struct AuditMetrics {
    delivered: AtomicU64,
    failures: AtomicU64,
    lost: AtomicU64,
    spooled: AtomicU64,
}

/// Events that wait for the disk; a busy portal makes some hundreds in a second.
const QUEUE: usize = 10_000;
/// Written and synced together.
const BATCH: usize = 256;
/// After a delivery that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// The log, and an event log behind a spool on disk.
#[derive(Debug)]
pub struct AuditTrail {
    source: String,
    queue: mpsc::Sender<Message>,
    shared: Arc<Shared>,
    courier: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    metrics: AuditMetrics,
    problem: Mutex<Option<String>>,
    written: Notify,
}

enum Message {
    Line(String),
    Flush(oneshot::Sender<()>),
}

/// A line of the spool.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    key: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    event: &'a RawValue,
}

impl AuditTrail {
    /// Opens the spool in `directory` and goes on delivering what is in it. `source` is the portal's origin.
    ///
    /// # Errors
    /// When the spool cannot be opened.
    pub fn start(
        directory: &Path,
        limits: SpoolLimits,
        source: &str,
        delivery: Arc<dyn AuditDelivery>,
    ) -> Result<Self, SpoolError> {
        let spool = Spool::open(directory, limits)?;
        let shared = Arc::new(Shared::default());
        shared.metrics.spooled.store(spool.len(), Ordering::Relaxed);
        let spool = Arc::new(Mutex::new(spool));
        let (queue, messages) = mpsc::channel(QUEUE);
        tokio::spawn(write(messages, spool.clone(), shared.clone()));
        let courier = tokio::spawn(deliver(spool, shared.clone(), delivery));
        Ok(Self { source: source.to_owned(), queue, shared, courier })
    }
}

#[async_trait]
impl AuditSink for AuditTrail {
    fn record(&self, event: AuditEvent) {
        event.log();
        let line = spool_line(&event, &self.source).map_err(|error| error.to_string());
        let queued = line.and_then(|line| {
            self.queue.try_send(Message::Line(line)).map_err(|_| "the audit's queue is full".to_owned())
        });
        if let Err(why) = queued {
            self.shared.lost(1, &why);
        }
    }

    fn ready(&self) -> Result<(), String> {
        self.shared.problem.lock().clone().map_or(Ok(()), Err)
    }

    fn expose(&self, out: &mut Exposition) {
        let metrics = &self.shared.metrics;
        for (name, help, value) in [
            ("portico_audit_delivered_total", "Audit events that the log acknowledged.", &metrics.delivered),
            (
                "portico_audit_delivery_failures_total",
                "Deliveries that failed, to be repeated.",
                &metrics.failures,
            ),
            ("portico_audit_lost_total", "Audit events that were not kept for delivery.", &metrics.lost),
        ] {
            out.family(name, Kind::Counter, help).sample(&[], value.load(Ordering::Relaxed));
        }
        out.gauge("portico_audit_spooled", "Audit events that wait for delivery.", self.waiting());
    }

    fn waiting(&self) -> u64 {
        self.shared.metrics.spooled.load(Ordering::Relaxed)
    }

    async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

impl Drop for AuditTrail {
    fn drop(&mut self) {
        // What is in the spool stays there; the writer ends by itself once the queue is empty.
        self.courier.abort();
    }
}

impl Shared {
    /// Never silent: counted, logged as an error, and a reason not to be ready. The event's own log line is written.
    fn lost(&self, events: u64, why: &str) {
        self.metrics.lost.fetch_add(events, Ordering::Relaxed);
        tracing::error!(audit.lost = events, "audit events are not kept for delivery: {why}");
        *self.problem.lock() = Some(why.to_owned());
    }
}

fn spool_line(event: &AuditEvent, source: &str) -> Result<String, serde_json::Error> {
    let key = event.organization.as_str().into();
    let event = serde_json::value::to_raw_value(&event.cloud_event(source))?;
    serde_json::to_string(&Record { key, event: &event })
}

/// From the queue to the disk, a batch at a time.
async fn write(mut messages: mpsc::Receiver<Message>, spool: Arc<Mutex<Spool>>, shared: Arc<Shared>) {
    let mut batch = Vec::new();
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let (mut lines, mut flushes) = (Vec::new(), Vec::new());
        for message in batch.drain(..) {
            match message {
                Message::Line(line) => lines.push(line),
                Message::Flush(done) => flushes.push(done),
            }
        }
        let (count, spool, told) = (lines.len() as u64, spool.clone(), shared.clone());
        let written = tokio::task::spawn_blocking(move || append(&mut spool.lock(), &lines, &told));
        if let Err(error) = written.await {
            shared.lost(count, &error.to_string());
        }
        shared.written.notify_one();
        for done in flushes {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
    }
}

fn append(spool: &mut Spool, lines: &[String], shared: &Shared) {
    let refused =
        lines.iter().enumerate().find_map(|(kept, line)| spool.append(line).err().map(|error| (kept, error)));
    match (spool.sync(), refused) {
        (Ok(()), None) => *shared.problem.lock() = None,
        (Ok(()), Some((kept, error))) => shared.lost((lines.len() - kept) as u64, &error.to_string()),
        (Err(error), _) => shared.lost(lines.len() as u64, &error.to_string()),
    }
    shared.metrics.spooled.store(spool.len(), Ordering::Relaxed);
}

/// From the disk to the event log, one after the other: each waits for the acknowledgement of the one before.
async fn deliver(spool: Arc<Mutex<Spool>>, shared: Arc<Shared>, delivery: Arc<dyn AuditDelivery>) {
    loop {
        let pending = match on_disk(&spool, |spool| spool.pending(BATCH)).await {
            Ok(pending) => pending,
            Err(error) => {
                tracing::error!(error.message = %error, "the audit spool cannot be read");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if pending.is_empty() {
            shared.written.notified().await;
            continue;
        }
        if !deliver_all(pending, &spool, &shared, &*delivery).await {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether all of them are dealt with.
async fn deliver_all(
    pending: Vec<Spooled>,
    spool: &Arc<Mutex<Spool>>,
    shared: &Shared,
    delivery: &dyn AuditDelivery,
) -> bool {
    for Spooled { number, line } in pending {
        let outcome = match serde_json::from_str::<Record<'_>>(&line) {
            Ok(record) => delivery.deliver(&record.key, record.event.get()).await,
            Err(error) => Err(DeliveryError::Rejected(error.to_string())),
        };
        match outcome {
            Ok(()) => {
                shared.metrics.delivered.fetch_add(1, Ordering::Relaxed);
            }
            Err(DeliveryError::Rejected(why)) => shared.lost(1, &why),
            Err(DeliveryError::Unavailable(why)) => {
                shared.metrics.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(error.message = why, "audit events wait in the spool");
                return false;
            }
        }
        if let Err(error) = on_disk(spool, move |spool| spool.acknowledge(number)).await {
            tracing::warn!(error.message = %error, "audit events may be delivered twice");
        }
        shared.metrics.spooled.store(spool.lock().len(), Ordering::Relaxed);
    }
    true
}

async fn on_disk<T: Send + 'static>(
    spool: &Arc<Mutex<Spool>>,
    work: impl FnOnce(&mut Spool) -> Result<T, SpoolError> + Send + 'static,
) -> Result<T, SpoolError> {
    let spool = spool.clone();
    let done = tokio::task::spawn_blocking(move || work(&mut spool.lock())).await;
    done.unwrap_or_else(|error| Err(SpoolError::Io(std::io::Error::other(error))))
}
