use std::time::Duration;

use tokio::time::Instant;

use crate::log::PartitionStart;

/// How long a consumer lives before its predecessors' failures say nothing of it any more.
const PROBATION: Duration = Duration::from_secs(10);

/// Whether the consumer brings what the log has. One failure is mended before anybody would notice, and is no trouble yet; once
/// there is trouble, it is over only when what was there at the time has been read.
#[derive(Debug, Default)]
pub(super) struct Consumption {
    failures: Option<Failures>,
    /// What the log had when the consumer was found to bring nothing of it.
    overdue: Vec<PartitionStart>,
}

/// Several failures, none long after the one before.
#[derive(Debug)]
struct Failures {
    first: Instant,
    last: Instant,
    reason: String,
}

impl Consumption {
    /// The consumer failed and is made anew.
    pub(super) fn failed(&mut self, reason: String) {
        let last = Instant::now();
        let before = self.failures.take().filter(|before| before.last.elapsed() < PROBATION);
        self.failures = Some(Failures { first: before.map_or(last, |before| before.first), last, reason });
    }

    /// It brought records.
    pub(super) fn brought(&mut self) {
        self.failures = None;
    }

    /// It brings nothing, though the log reaches up to here.
    pub(super) fn stalled(&mut self, ends: Vec<PartitionStart>) {
        if self.overdue.is_empty() {
            self.overdue = ends;
        }
    }

    /// What has yet to be read for the stall to be over; empty where there is none.
    pub(super) fn overdue(&self) -> &[PartitionStart] {
        &self.overdue
    }

    /// The stall is over.
    pub(super) fn caught_up(&mut self) {
        self.overdue.clear();
    }

    /// What is wrong, where it has been so for `patience`.
    pub(super) fn trouble(&self, patience: Duration) -> Option<String> {
        if !self.overdue.is_empty() {
            return Some("it does not bring what the log has".into());
        }
        let lasting = |failures: &&Failures| {
            failures.last.elapsed() < PROBATION && failures.last - failures.first >= patience
        };
        let failures = self.failures.as_ref().filter(lasting)?;
        Some(format!("it fails again and again: {}", failures.reason))
    }
}
