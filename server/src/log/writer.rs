use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others to be written with it.
const LATEST: Duration = Duration::from_millis(20);
/// Bytes that are written at once, without waiting for more.
const BATCH: usize = 64 * 1024;
/// Bytes that may wait while nobody reads what is written: some twenty thousand lines.
const BACKLOG: usize = 8 * 1024 * 1024;
/// How long an end of the program waits for a reader that does not read.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes whole lines, never waits, and has one thread write them, many at a time.
///
/// A line for each request would otherwise be a system call for each request. While the reader of the log does not keep up,
/// lines wait up to a bound; those beyond it are dropped, counted, and the log says how many as soon as it is read again.
#[derive(Clone)]
pub struct BatchWriter {
    shared: Arc<Shared>,
}

/// Ends the thread, after everything was written, when it is dropped.
pub struct LogGuard {
    writer: BatchWriter,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    pending: Mutex<Pending>,
    /// Told when there is something to write, or to end for.
    work: Condvar,
    /// Told when everything was written.
    written: Condvar,
    dropped: AtomicU64,
    backlog: usize,
}

#[derive(Default)]
struct Pending {
    lines: Vec<u8>,
    /// Dropped since the log last said so.
    untold: u64,
    /// Whether the thread waits without a limit, so that it has to be woken.
    idle: bool,
    /// Whether the thread has taken lines and not written them yet.
    writing: bool,
    /// Whether somebody waits for everything to be written.
    urgent: bool,
    closed: bool,
}

impl BatchWriter {
    /// Writes to `sink` from a thread of its own.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(sink: impl Write + Send + 'static) -> io::Result<(Self, LogGuard)> {
        Self::with_backlog(sink, BACKLOG, |dropped| {
            tracing::error!(
                log.dropped = dropped,
                "log lines were dropped: the log was not read fast enough"
            );
        })
    }

    fn with_backlog(
        sink: impl Write + Send + 'static,
        backlog: usize,
        tell: impl Fn(u64) + Send + 'static,
    ) -> io::Result<(Self, LogGuard)> {
        let shared = Arc::new(Shared {
            pending: Mutex::default(),
            work: Condvar::new(),
            written: Condvar::new(),
            dropped: AtomicU64::new(0),
            backlog,
        });
        let writer = Self { shared: shared.clone() };
        let thread =
            std::thread::Builder::new().name("log".into()).spawn(move || shared.write_all(sink, tell))?;
        Ok((writer.clone(), LogGuard { writer, thread: Some(thread) }))
    }

    /// Lines that were not written since the start.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Returns once everything so far is written, or after two seconds with a reader that does not read.
    pub fn flush(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut pending = self.shared.pending.lock();
        while !pending.closed && (pending.writing || !pending.lines.is_empty()) {
            pending.urgent = true;
            self.shared.work.notify_one();
            if self.shared.written.wait_until(&mut pending, deadline).timed_out() {
                return;
            }
        }
    }

    fn push(&self, line: &[u8]) {
        let mut pending = self.shared.pending.lock();
        if pending.lines.len() + line.len() > self.shared.backlog {
            pending.untold += 1;
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let before = pending.lines.len();
        pending.lines.extend_from_slice(line);
        let is_full = before < BATCH && pending.lines.len() >= BATCH;
        let wake = std::mem::take(&mut pending.idle) || is_full;
        drop(pending);
        if wake {
            self.shared.work.notify_one();
        }
    }
}

impl Shared {
    fn write_all(&self, mut sink: impl Write, tell: impl Fn(u64)) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(untold) = self.take(&mut batch) {
            let failed = sink.write_all(&batch).and_then(|()| sink.flush()).is_err();
            if failed {
                let lines = batch.iter().filter(|byte| **byte == b'\n').count() as u64;
                self.dropped.fetch_add(lines, Ordering::Relaxed);
            }
            batch.clear();
            // A burst's memory is given back.
            batch.shrink_to(4 * BATCH);
            self.settle();
            if untold > 0 && !failed {
                tell(untold);
            }
        }
    }

    /// Waits for lines and takes all there are. How many were dropped since this was last asked; none at the end.
    fn take(&self, batch: &mut Vec<u8>) -> Option<u64> {
        let mut pending = self.pending.lock();
        while pending.lines.is_empty() {
            if pending.closed {
                return None;
            }
            pending.idle = true;
            self.work.wait(&mut pending);
        }
        pending.idle = false;
        let latest = Instant::now() + LATEST;
        while pending.lines.len() < BATCH && !pending.urgent && !pending.closed {
            if self.work.wait_until(&mut pending, latest).timed_out() {
                break;
            }
        }
        std::mem::swap(&mut pending.lines, batch);
        pending.writing = true;
        Some(std::mem::take(&mut pending.untold))
    }

    fn settle(&self) {
        let mut pending = self.pending.lock();
        pending.writing = false;
        if pending.lines.is_empty() {
            pending.urgent = false;
            self.written.notify_all();
        }
    }
}

impl Write for &BatchWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for BatchWriter {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl LogGuard {
    /// What it guards.
    pub fn writer(&self) -> &BatchWriter {
        &self.writer
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.writer.flush();
        let mut pending = self.writer.shared.pending.lock();
        pending.closed = true;
        let stuck = pending.writing;
        drop(pending);
        self.writer.shared.work.notify_one();
        if let Some(thread) = self.thread.take()
            && !stuck
        {
            // It ends by itself: there is nothing left to write.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
