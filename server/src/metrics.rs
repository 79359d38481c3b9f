//! Counters for `GET /metrics`, in the Prometheus text format.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode};

/// What this instance has done since it started.
#[derive(Debug, Default)]
pub struct Metrics {
    responses: [AtomicU64; 5],
    micros: AtomicU64,
    client_errors: AtomicU64,
    reports: AtomicU64,
}

impl Metrics {
    /// Counts a finished request.
    pub fn request(&self, _method: &Method, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.responses[class].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Counts an error that a browser measured.
    pub fn browser_error(&self) {
        self.client_errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a report of a browser: a refused script, a deprecation.
    pub fn report(&self) {
        self.reports.fetch_add(1, Ordering::Relaxed);
    }

    /// The text that Prometheus reads.
    pub fn render(&self) -> String {
        let mut text = String::from("# TYPE http_server_requests_total counter\n");
        for (class, count) in self.responses.iter().enumerate() {
            let value = count.load(Ordering::Relaxed);
            let _ = writeln!(text, "http_server_requests_total{{status=\"{}xx\"}} {value}", class + 1);
        }
        let seconds = Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64();
        let _ = writeln!(
            text,
            "# TYPE http_server_request_duration_seconds_sum counter\nhttp_server_request_duration_seconds_sum {seconds}"
        );
        let errors = self.client_errors.load(Ordering::Relaxed);
        let _ = writeln!(
            text,
            "# TYPE portico_browser_errors_total counter\nportico_browser_errors_total {errors}"
        );
        let reports = self.reports.load(Ordering::Relaxed);
        let _ = writeln!(
            text,
            "# TYPE portico_browser_reports_total counter\nportico_browser_reports_total {reports}"
        );
        text
    }
}
