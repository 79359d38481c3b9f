use std::cell::RefCell;

use crate::limits::Limits;
use crate::table::Table;
use crate::time;

/// Circuit breakers, one per remote on this page: a remote that keeps failing is skipped for a while, so that nobody
/// waits for its time limits again and again, and probed once after that.
pub(crate) struct Breakers {
    failures: u32,
    probe_after: f64,
    records: RefCell<Table<Record>>,
}

#[derive(Default)]
struct Record {
    in_a_row: u32,
    failed_at: f64,
    /// When the next attempt is allowed, by `time::now`.
    closed_until: f64,
}

impl Breakers {
    /// All remotes start with a clean record.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { failures: limits.failures, probe_after: limits.probe.into(), records: RefCell::default() }
    }

    /// Whether the remote may be tried now, or in how many milliseconds. A granted probe holds everyone else off until
    /// it is decided.
    pub(crate) fn enter(&self, id: &str) -> Result<(), u32> {
        let mut records = self.records.borrow_mut();
        let Some(record) = records.get_mut(id).filter(|record| record.in_a_row >= self.failures) else {
            return Ok(());
        };
        let now = time::now();
        if now < record.closed_until {
            return Err((record.closed_until - now).ceil() as u32);
        }
        record.closed_until = now + self.probe_after;
        Ok(())
    }

    /// Lets the remote be tried at once: a person asked for it. One more failure skips it again.
    pub(crate) fn allow(&self, id: &str) {
        if let Some(record) = self.records.borrow_mut().get_mut(id) {
            record.closed_until = 0.0;
        }
    }

    /// It is on the page: its record is clean again.
    pub(crate) fn succeeded(&self, id: &str) {
        self.records.borrow_mut().remove(id);
    }

    /// An attempt that began at `began` failed to load or to mount. Attempts that ran side by side (several cards of one
    /// remote) count as one.
    pub(crate) fn failed(&self, id: &str, began: f64) {
        let mut records = self.records.borrow_mut();
        let record = records.or_insert_with(id, Record::default);
        if record.in_a_row == 0 || began > record.failed_at {
            record.in_a_row += 1;
        }
        record.failed_at = time::now();
        record.closed_until = record.failed_at + self.probe_after;
    }
}
