//! What this instance has done since it started, for `GET /metrics`. docs/observability.md lists the names.

use std::collections::{BTreeMap, VecDeque};
use std::sync::OnceLock;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use parking_lot::Mutex;
use portico_gateway::SERVER_DURATION;
use portico_telemetry::{Counter, Exposition, Gauge, Histogram, HttpDurations, Kind};
use time::OffsetDateTime;

use crate::routes::bff;

/// What is counted in the server itself. Domain crates hold the handles of what they do.
#[derive(Debug, Default)]
pub struct Metrics {
    routes: OnceLock<Box<[Route]>>,
    /// Requests that are under way, their answers' bodies included.
    pub active: Gauge,
    /// Tokens for calls.
    pub tokens: TokenCounts,
    /// Reports of browsers: a refused script, a deprecation.
    pub reports: Counter,
    phases: Mutex<BTreeMap<(String, &'static str), Box<Histogram>>>,
    errors: Mutex<BTreeMap<String, u64>>,
    failures: Mutex<VecDeque<Failure>>,
}

/// A request that failed, for whoever has to find out why.
#[derive(Clone, Debug)]
pub struct Failure {
    /// When it was over.
    pub at: OffsetDateTime,
    /// The method and the route's pattern: never a path, which may be somebody's.
    pub route: String,
    /// The status it was answered with.
    pub status: u16,
    /// What became of it.
    pub outcome: &'static str,
    /// What to look for in the log.
    pub trace_id: String,
    /// How often the same has happened; the rest is of the last time.
    pub count: u64,
}

/// As many different failures are remembered.
const FAILURES: usize = 20;

/// Where tokens for calls came from.
#[derive(Debug, Default)]
pub struct TokenCounts {
    /// The cache had it.
    pub cached: Counter,
    /// It was exchanged, or another request's exchange was waited for.
    pub exchanged: Counter,
    /// There was none.
    pub failed: Counter,
}

#[derive(Debug)]
struct Route {
    pattern: &'static str,
    durations: HttpDurations,
}

/// A route of the portal's own table, found once per request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

/// Pages: what no other route takes.
const PAGE: &str = "/{*page}";
/// The development provider, a service of its own.
const DEV_IDP: &str = "/dev/idp/{*path}";

/// The phases of a remote that browsers measure; another name counts as `other`.
const PHASES: [&str; 5] = ["load", "mount", "ready", "unmount", "other"];

impl Metrics {
    /// Makes a place for each of these patterns. Only the first call counts: there is one route table.
    pub fn declare(&self, patterns: Vec<&'static str>) {
        self.routes.get_or_init(|| {
            let mut patterns = patterns;
            patterns.extend([PAGE, DEV_IDP, bff::PATTERN]);
            patterns.sort_unstable();
            patterns.dedup();
            let route = |pattern| Route { pattern, durations: HttpDurations::default() };
            patterns.into_iter().map(route).collect()
        });
    }

    /// The route that was matched for `request`.
    pub fn place(&self, request: &Request) -> Place {
        let pattern = match request.extensions().get::<MatchedPath>() {
            Some(matched) => matched.as_str(),
            None if request.uri().path().starts_with("/dev/idp/") => DEV_IDP,
            None => PAGE,
        };
        self.place_of(pattern)
    }

    /// The place of a pattern.
    pub fn place_of(&self, pattern: &str) -> Place {
        let routes = self.routes();
        let at = routes.binary_search_by(|route| route.pattern.cmp(pattern));
        Place(at.or_else(|_| routes.binary_search_by(|route| route.pattern.cmp(PAGE))).unwrap_or_default())
    }

    /// The pattern of a route.
    pub fn pattern(&self, place: Place) -> &'static str {
        self.routes().get(place.0).map_or(PAGE, |route| route.pattern)
    }

    /// Counts a request to a route of the portal's own that is over.
    pub fn observe(&self, place: Place, method: &Method, status: StatusCode, took: Duration) {
        if let Some(route) = self.routes().get(place.0) {
            route.durations.observe(method, status, took);
        }
    }

    /// Counts how long a phase of a registered remote took in a browser.
    pub fn browser_phase(&self, remote: &str, phase: &str, took: Duration) {
        let phase = PHASES.into_iter().find(|known| *known == phase).unwrap_or("other");
        self.phases.lock().entry((remote.to_owned(), phase)).or_default().observe(took);
    }

    /// Counts an error that a browser told of, of a registered remote or (empty) of the shell.
    pub fn browser_error(&self, remote: &str) {
        *self.errors.lock().entry(remote.to_owned()).or_default() += 1;
    }

    /// Remembers a request that failed. What fails in the same way again takes the place of the time before, so that a
    /// service that is down does not push everything else out.
    pub fn failed(&self, mut failure: Failure) {
        let same = |known: &Failure| {
            (&known.route, known.status, known.outcome) == (&failure.route, failure.status, failure.outcome)
        };
        let mut failures = self.failures.lock();
        if let Some(before) = failures.iter().position(same).and_then(|at| failures.remove(at)) {
            failure.count += before.count;
        }
        failures.truncate(FAILURES - 1);
        failures.push_front(failure);
    }

    /// The last requests that failed, newest first.
    pub fn failures(&self) -> Vec<Failure> {
        self.failures.lock().iter().cloned().collect()
    }

    /// Writes all of it.
    pub fn expose(&self, out: &mut Exposition) {
        let family = out.family(SERVER_DURATION.0, Kind::Histogram, SERVER_DURATION.1);
        for route in self.routes() {
            route.durations.expose(family, &[("http_route", route.pattern)]);
        }
        out.level(
            "http_server_active_requests",
            "Requests under way, their answers' bodies included.",
            &self.active,
        );
        let help = "Tokens for calls: from the cache, exchanged, or none.";
        let tokens = out.family("portico_tokens_total", Kind::Counter, help);
        let counts = [
            ("cached", &self.tokens.cached),
            ("exchanged", &self.tokens.exchanged),
            ("failed", &self.tokens.failed),
        ];
        for (result, count) in counts {
            tokens.sample(&[("result", result)], count.get());
        }
        self.expose_browser(out);
    }

    fn expose_browser(&self, out: &mut Exposition) {
        let help = "How long phases of remotes took in browsers.";
        let phases = out.family("portico_browser_phase_duration_seconds", Kind::Histogram, help);
        for ((remote, phase), histogram) in &*self.phases.lock() {
            phases.histogram(&[("portico_remote", remote), ("phase", phase)], histogram);
        }
        let help = "Errors that browsers told of; without a remote, those of the shell.";
        let errors = out.family("portico_browser_errors_total", Kind::Counter, help);
        for (remote, count) in &*self.errors.lock() {
            errors.sample(&[("portico_remote", remote)], count);
        }
        out.counter("portico_browser_reports_total", "Reports of browsers.", &self.reports);
    }

    fn routes(&self) -> &[Route] {
        self.routes.get().map_or(&[], |routes| routes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(route: usize, trace: &str) -> Failure {
        Failure {
            at: OffsetDateTime::UNIX_EPOCH,
            route: format!("GET /{route}"),
            status: 502,
            outcome: "upstream-reset",
            trace_id: trace.to_owned(),
            count: 1,
        }
    }

    #[test]
    fn what_fails_in_the_same_way_is_told_once_with_its_number_and_its_last_trace() {
        let metrics = Metrics::default();
        for (route, trace) in [(1, "a"), (2, "b"), (1, "c"), (1, "d")] {
            metrics.failed(failure(route, trace));
        }
        let told: Vec<_> = metrics.failures().into_iter().map(|one| (one.trace_id, one.count)).collect();
        assert_eq!(told, [("d".to_owned(), 3), ("b".to_owned(), 1)]);
        for route in 0..100 {
            metrics.failed(failure(route, "x"));
        }
        assert_eq!(metrics.failures().len(), FAILURES);
    }
}
