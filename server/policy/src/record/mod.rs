//! Decisions as they were made, kept in a file, so that a changed policy can be tried against them before it is used.

mod file;
mod line;
mod replay;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use async_trait::async_trait;
use portico_ports::Clock;

use crate::{Basis, Decision, Health, PolicyEngine, Query, Reload};
use file::RecordFile;

pub use line::Recorded;
pub use replay::{Change, Replay, ReplayError, replay};

/// An engine whose decisions are also written down, one JSON line each. Nothing waits for the disk: where it is too slow,
/// decisions are left out of the record, and that is told once.
pub struct Recording {
    engine: Arc<dyn PolicyEngine>,
    clock: Arc<dyn Clock>,
    lines: SyncSender<String>,
    told: AtomicBool,
}

/// Decisions that may wait for the disk.
const WAITING: usize = 4_096;

impl Recording {
    /// Writes what `engine` decides to `path`, which with the older file beside it (`path` and `.1`) holds `bytes` at most.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn start(
        engine: Arc<dyn PolicyEngine>,
        clock: Arc<dyn Clock>,
        path: &Path,
        bytes: u64,
    ) -> std::io::Result<Self> {
        let mut file = RecordFile::open(path, bytes)?;
        let (lines, waiting) = sync_channel::<String>(WAITING);
        // Ends with the sender. A thread, since writing to a file may block.
        std::thread::Builder::new().name("policy-record".to_owned()).spawn(move || {
            for line in waiting {
                if let Err(error) = file.write(&line) {
                    tracing::warn!(error.message = %error, "a decision was not recorded");
                }
            }
        })?;
        Ok(Self { engine, clock, lines, told: AtomicBool::new(false) })
    }

    fn note(&self, query: &Query<'_>, decision: &Decision) {
        // An engine that is away has decided nothing that another policy could be held against.
        if decision.is_unavailable() {
            return;
        }
        let recorded = Recorded::of(query, decision, self.clock.now());
        let Ok(line) = serde_json::to_string(&recorded) else { return };
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line)
            && !self.told.swap(true, Ordering::Relaxed)
        {
            tracing::warn!("decisions come faster than they can be recorded; some are left out");
        }
    }
}

#[async_trait]
impl PolicyEngine for Recording {
    fn decide_now(&self, query: &Query<'_>) -> Option<Decision> {
        let decision = self.engine.decide_now(query)?;
        self.note(query, &decision);
        Some(decision)
    }

    async fn decide(&self, query: &Query<'_>) -> Decision {
        let decision = self.engine.decide(query).await;
        self.note(query, &decision);
        decision
    }

    async fn decide_all(&self, queries: &[Query<'_>]) -> Vec<Decision> {
        let decisions = self.engine.decide_all(queries).await;
        queries.iter().zip(&decisions).for_each(|(query, decision)| self.note(query, decision));
        decisions
    }

    fn basis(&self) -> Basis {
        self.engine.basis()
    }

    fn revision(&self) -> u64 {
        self.engine.revision()
    }

    fn reload(&self) -> Reload {
        self.engine.reload()
    }

    async fn health(&self) -> Health {
        self.engine.health().await
    }
}
