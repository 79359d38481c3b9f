use std::sync::Arc;

use parking_lot::Mutex;
use portico_secrets::Turn;
use portico_telemetry::{Counter, Exposition, Kind};
use time::OffsetDateTime;

/// How one credential is, for metrics and the health page. No value is in it.
#[derive(Debug)]
pub struct CredentialStanding {
    /// What it is for: `remote acme.todos`.
    pub purpose: String,
    /// Where it is read.
    pub source: String,
    failures: Counter,
    now: Mutex<Now>,
}

#[derive(Clone, Debug, Default)]
struct Now {
    read_at: Option<OffsetDateTime>,
    failing: Option<String>,
}

impl CredentialStanding {
    pub(super) fn new(purpose: String, source: String) -> Arc<Self> {
        Arc::new(Self { purpose, source, failures: Counter::default(), now: Mutex::default() })
    }

    /// When it was read last.
    pub fn read_at(&self) -> Option<OffsetDateTime> {
        self.now.lock().read_at
    }

    /// Why it cannot be read now; none where it can.
    pub fn failing(&self) -> Option<String> {
        self.now.lock().failing.clone()
    }

    /// It was looked at.
    pub(super) fn note(&self, turn: &Turn, at: OffsetDateTime) {
        let mut now = self.now.lock();
        match turn {
            Turn::Same | Turn::Rotated { .. } | Turn::Recovered => {
                *now = Now { read_at: Some(at), failing: None };
            }
            Turn::Failed(error) => now.failing = Some(error.to_string()),
            Turn::StillFailing => {}
        }
        if matches!(turn, Turn::Failed(_) | Turn::StillFailing) {
            self.failures.increment();
        }
    }
}

/// Writes how credentials are.
pub fn expose(standings: &[Arc<CredentialStanding>], out: &mut Exposition) {
    for one in standings {
        let labels = [("purpose", one.purpose.as_str()), ("source", one.source.as_str())];
        let help = "Whether a credential cannot be read; what was read last is in use.";
        let failing = u8::from(one.failing().is_some());
        out.family("portico_credential_failing", Kind::Gauge, help).sample(&labels, failing);
        let help = "Attempts to read a credential that failed.";
        out.family("portico_credential_failures_total", Kind::Counter, help)
            .sample(&labels, one.failures.get());
        if let Some(at) = one.read_at() {
            let help = "When a credential was read last.";
            out.family("portico_credential_read_timestamp_seconds", Kind::Gauge, help)
                .sample(&labels, at.unix_timestamp());
        }
    }
}
