use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use portico_ports::Clock;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::FinishedSpan;
use crate::{Counter, Exposition, Kind};

/// Spans that may wait for the collector; more are dropped and counted.
const QUEUE: usize = 8_192;
/// Spans in one message.
const BATCH: usize = 512;
/// How long a span may wait for others.
const LATEST: Duration = Duration::from_secs(1);
/// How often a message is tried while the collector says that it may try again.
const ATTEMPTS: u32 = 4;
/// Before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the end of the program waits for the collector.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where spans go.
#[async_trait]
pub trait SpanExporter: Send + Sync + 'static {
    /// Hands spans over, and returns when they were taken.
    async fn export(&self, spans: &[FinishedSpan]) -> Result<(), ExportError>;
}

/// Why spans were not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExportError {
    /// They may be later.
    #[error("the collector does not take spans at the moment: {0}")]
    Unavailable(String),
    /// They never will be.
    #[error("the collector refuses spans: {0}")]
    Refused(String),
}

/// Carries what was recorded away. It never holds anything up.
pub struct Tracer {
    queue: mpsc::Sender<Message>,
    /// One moment by both clocks: intervals are measured by the one, and told by the other.
    anchor: (Instant, u64),
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    exported: Counter,
    dropped: Counter,
    failed: Counter,
}

enum Message {
    Span(Box<FinishedSpan>),
    Flush(oneshot::Sender<()>),
}

impl Tracer {
    /// Starts carrying spans to `exporter`. It goes on until the tracer is dropped.
    pub fn start(exporter: Arc<dyn SpanExporter>, clock: &dyn Clock) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE);
        let counts = Arc::new(Counts::default());
        tokio::spawn(carry(messages, exporter, counts.clone()));
        let now = u64::try_from(clock.now().unix_timestamp_nanos()).unwrap_or_default();
        Self { queue, anchor: (Instant::now(), now), counts }
    }

    /// Returns once everything so far was taken or given up, within a few seconds.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let flush = async {
            if self.queue.send(Message::Flush(done)).await.is_ok() {
                let _ = flushed.await;
            }
        };
        // What is left then is lost with the program, and nobody could be told.
        let _ = timeout(PATIENCE, flush).await;
    }

    /// Writes what became of spans.
    pub fn expose(&self, out: &mut Exposition) {
        let help =
            "Spans, by what became of them: taken by the collector, dropped from a full queue, or given up.";
        let spans = out.family("portico_spans_total", Kind::Counter, help);
        spans.sample(&[("result", "exported")], self.counts.exported.get());
        spans.sample(&[("result", "dropped")], self.counts.dropped.get());
        spans.sample(&[("result", "failed")], self.counts.failed.get());
    }

    pub(super) fn take(&self, span: FinishedSpan) {
        if self.queue.try_send(Message::Span(Box::new(span))).is_err() {
            self.counts.dropped.increment();
        }
    }

    pub(super) fn unix_nanos(&self, at: Instant) -> u64 {
        let (instant, nanos) = self.anchor;
        let passed = |from: Instant, to: Instant| u64::try_from((to - from).as_nanos()).unwrap_or_default();
        if at >= instant { nanos + passed(instant, at) } else { nanos - passed(at, instant).min(nanos) }
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}

async fn carry(mut messages: mpsc::Receiver<Message>, exporter: Arc<dyn SpanExporter>, counts: Arc<Counts>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut is_failing = false;
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let is_urgent = |batch: &[Message]| batch.iter().any(|message| matches!(message, Message::Flush(_)));
        if batch.len() < BATCH && !is_urgent(&batch) {
            // Whatever else comes within a moment goes along; a flush does not wait for it.
            let latest = sleep(LATEST);
            tokio::pin!(latest);
            while batch.len() < BATCH && !is_urgent(&batch[batch.len() - 1..]) {
                tokio::select! {
                    () = &mut latest => break,
                    message = messages.recv() => match message {
                        Some(message) => batch.push(message),
                        None => break,
                    },
                }
            }
        }
        let (spans, flushes) = sorted(&mut batch);
        let sent =
            if spans.is_empty() { Ok(()) } else { send(&*exporter, &spans, !flushes.is_empty()).await };
        count(sent, spans.len() as u64, &counts, &mut is_failing);
        for done in flushes {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
    }
}

/// Failures are said once, until they are over: a collector may be away for hours.
fn count(sent: Result<(), ExportError>, spans: u64, counts: &Counts, is_failing: &mut bool) {
    match sent {
        // A flush of nothing says nothing about the collector.
        Ok(()) if spans == 0 => {}
        Ok(()) => {
            counts.exported.add(spans);
            *is_failing = false;
        }
        Err(error) => {
            counts.failed.add(spans);
            if !std::mem::replace(is_failing, true) {
                tracing::warn!(error.message = %error, spans, "spans are given up");
            }
        }
    }
}

fn sorted(batch: &mut Vec<Message>) -> (Vec<FinishedSpan>, Vec<oneshot::Sender<()>>) {
    let (mut spans, mut flushes) = (Vec::with_capacity(batch.len()), Vec::new());
    for message in batch.drain(..) {
        match message {
            Message::Span(span) => spans.push(*span),
            Message::Flush(done) => flushes.push(done),
        }
    }
    (spans, flushes)
}

async fn send(exporter: &dyn SpanExporter, spans: &[FinishedSpan], urgent: bool) -> Result<(), ExportError> {
    let mut pause = PAUSE;
    let mut left = if urgent { 1 } else { ATTEMPTS };
    loop {
        left -= 1;
        match exporter.export(spans).await {
            Err(ExportError::Unavailable(_)) if left > 0 => {
                sleep(pause).await;
                pause *= 2;
            }
            done => return done,
        }
    }
}
