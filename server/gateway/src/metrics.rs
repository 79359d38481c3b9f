//! What is counted of calls. Each route and each back end holds its own handles, found when it is compiled.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use parking_lot::Mutex;
use portico_telemetry::{Counter, Exposition, Histogram, HttpDurations, Kind};

use crate::forward::ForwardError;
use crate::path::ProxyPath;
use crate::quota::QuotaUse;
use crate::resilience::{BreakerState, EndpointState, UpstreamSnapshot};

/// What is counted of the calls to one declared path.
#[derive(Debug)]
pub struct RouteMetrics {
    /// The declared pattern; what stands for all that matches none is `/{*path}`.
    pub pattern: String,
    durations: HttpDurations,
    answered: Counter,
    /// By the slug of what happened instead. There are as many as the code has words for; few ever occur.
    failed: Mutex<Vec<(&'static str, u64)>>,
}

/// What is counted of one remote's upstream, beyond its routes.
#[derive(Debug)]
pub struct RemoteMetrics {
    /// What matches no declared path.
    pub(crate) undeclared: Arc<RouteMetrics>,
    attempts: HttpDurations,
    failed: Mutex<Vec<(&'static str, Box<Histogram>)>>,
}

/// The outcome of a call that an upstream answered, whatever its status.
pub const ANSWERED: &str = "answered";

impl RouteMetrics {
    pub(crate) fn new(pattern: &str) -> Arc<Self> {
        Arc::new(Self {
            pattern: pattern.to_owned(),
            durations: HttpDurations::default(),
            answered: Counter::default(),
            failed: Mutex::default(),
        })
    }

    /// Counts a call that is over: how the portal answered the browser, after what time, and what became of it.
    pub fn observe(&self, method: &Method, status: StatusCode, took: Duration, outcome: &'static str) {
        self.durations.observe(method, status, took);
        if outcome == ANSWERED {
            return self.answered.increment();
        }
        let mut failed = self.failed.lock();
        match failed.iter_mut().find(|(slug, _)| *slug == outcome) {
            Some((_, count)) => *count += 1,
            None => failed.push((outcome, 1)),
        }
    }

    fn expose(&self, remote: &str, out: &mut Exposition) {
        let http_route = format!("/bff/{remote}{}", self.pattern);
        let labels = [("portico_remote", remote), ("http_route", http_route.as_str())];
        let family = out.family(SERVER_DURATION.0, Kind::Histogram, SERVER_DURATION.1);
        self.durations.expose(family, &labels);
        let calls = out.family(
            "portico_calls_total",
            Kind::Counter,
            "Calls through the proxy, by what became of them.",
        );
        let answered = Some((ANSWERED, self.answered.get())).filter(|(_, count)| *count > 0);
        for (outcome, count) in answered.into_iter().chain(self.failed.lock().iter().copied()) {
            calls.sample(&[labels[0], labels[1], ("outcome", outcome)], count);
        }
    }
}

/// Name and help of what routes of the portal's own count as well.
pub const SERVER_DURATION: (&str, &str) =
    ("http_server_request_duration_seconds", "How long requests took, until the end of their answers.");

impl Default for RemoteMetrics {
    fn default() -> Self {
        Self {
            undeclared: RouteMetrics::new("/{*path}"),
            attempts: HttpDurations::default(),
            failed: Mutex::default(),
        }
    }
}

impl RemoteMetrics {
    /// Counts one attempt at the upstream: how it answered, after what time until the answer began, or why not.
    pub(crate) fn attempt(&self, method: &Method, result: Result<StatusCode, &ForwardError>, took: Duration) {
        let error = match result {
            Ok(status) => return self.attempts.observe(method, status, took),
            Err(error) => error.slug(),
        };
        let mut failed = self.failed.lock();
        let at = failed.iter().position(|(slug, _)| *slug == error).unwrap_or_else(|| {
            failed.push((error, Box::default()));
            failed.len() - 1
        });
        failed[at].1.observe(took);
    }
}

impl crate::RemoteBackend {
    /// Where a call with this method to this path, `/bff/{remote}/…`, is counted.
    pub fn route_metrics(&self, method: &Method, path: &str) -> Arc<RouteMetrics> {
        let path = path.strip_prefix(self.mount.as_str()).and_then(|path| ProxyPath::parse(path).ok());
        let route = path.and_then(|path| self.routes.find(method, path).ok());
        Arc::clone(route.map_or(&self.metrics.undeclared, |route| &route.metrics))
    }

    /// Writes what was counted of this remote's calls.
    pub fn expose(&self, out: &mut Exposition) {
        let mut told: Vec<&Arc<RouteMetrics>> = Vec::new();
        for route in self.routes.routes() {
            // Several routes may declare one path, each for other methods.
            if !told.iter().any(|known| Arc::ptr_eq(known, &route.metrics)) {
                route.metrics.expose(&self.id, out);
                told.push(&route.metrics);
            }
        }
        self.metrics.undeclared.expose(&self.id, out);
        let port = self.upstream.origin.place.port.to_string();
        let labels = [
            ("portico_remote", self.id.as_str()),
            ("server_address", self.upstream.origin.place.host.as_str()),
            ("server_port", port.as_str()),
        ];
        let help = "How long attempts at upstreams took, until their answers began or they failed.";
        let family = out.family("http_client_request_duration_seconds", Kind::Histogram, help);
        self.metrics.attempts.expose(family, &labels);
        for (slug, histogram) in &*self.metrics.failed.lock() {
            family.histogram(&[labels[0], labels[1], labels[2], ("error_type", slug)], histogram);
        }
        expose_upstream(&self.snapshot(), out);
        expose_quota(&self.id, &self.quota_use(), out);
    }
}

/// What the breaker, the limits and the endpoints of an upstream are doing.
fn expose_upstream(upstream: &UpstreamSnapshot, out: &mut Exposition) {
    let labels = [("portico_remote", upstream.remote.as_str())];
    let breaker = match upstream.breaker {
        BreakerState::Closed => 0,
        BreakerState::HalfOpen => 1,
        BreakerState::Open { .. } => 2,
    };
    let in_service = upstream.endpoints.iter().filter(|one| one.state == EndpointState::InService).count();
    let gauges: [(_, _, u64); 7] = [
        ("portico_upstream_breaker_state", "Circuit breakers: 0 closed, 1 half open, 2 open.", breaker),
        ("portico_upstream_in_flight", "Calls that wait for an answer to begin.", upstream.in_flight.into()),
        ("portico_upstream_limit", "How many may.", upstream.limit.into()),
        ("portico_upstream_queued", "Calls that wait for a place among those.", upstream.queued.into()),
        ("portico_upstream_endpoints", "Endpoints that are known.", upstream.endpoints.len() as u64),
        ("portico_upstream_endpoints_in_service", "Endpoints that get calls.", in_service as u64),
        (
            "portico_upstream_slow_routes",
            "Routes whose calls are refused for now, since they kept timing out.",
            upstream.slow_routes.len() as u64,
        ),
    ];
    for (name, help, value) in gauges {
        out.family(name, Kind::Gauge, help).sample(&labels, value);
    }
    for version in ["1.1", "2"] {
        let speaking = upstream.endpoints.iter().filter(|one| one.protocol == Some(version));
        let connections: usize = speaking.map(|endpoint| endpoint.connections).sum();
        out.family("portico_upstream_connections", Kind::Gauge, "Connections that are open.")
            .sample(&[labels[0], ("network_protocol_version", version)], connections as u64);
    }
    let ejections = upstream.endpoints.iter().map(|endpoint| endpoint.ejected).sum();
    let counters = [
        ("portico_upstream_breaker_opened_total", "Times that circuit breakers opened.", upstream.opened),
        ("portico_upstream_refused_total", "Calls that open breakers refused.", upstream.refused),
        ("portico_upstream_shed_total", "Calls that concurrency limits refused.", upstream.shed),
        ("portico_upstream_retries_total", "Further attempts.", upstream.retries),
        (
            "portico_upstream_retries_denied_total",
            "Further attempts beyond the budget.",
            upstream.retries_denied,
        ),
        (
            "portico_upstream_hedges_total",
            "Second requests sent because the first took long.",
            upstream.hedges,
        ),
        ("portico_upstream_ejections_total", "Endpoints left out since calls failed there.", ejections),
    ];
    for (name, help, value) in counters {
        out.family(name, Kind::Counter, help).sample(&labels, value);
    }
}

/// What a remote uses of its quota, and how much of it there is where it is limited.
fn expose_quota(remote: &str, used: &QuotaUse, out: &mut Exposition) {
    let labels = [("portico_remote", remote)];
    let calls_limit = used.quota.concurrent.map(u64::from);
    let bytes_limit = used.quota.bytes_per_minute;
    let gauges = [
        ("portico_quota_calls", "Calls under way, until the ends of their answers.", Some(used.calls.into())),
        ("portico_quota_calls_limit", "How many may.", calls_limit),
        ("portico_quota_bytes", "Bytes of the last minute.", bytes_limit.map(|_| used.bytes)),
        ("portico_quota_bytes_limit", "Bytes that a minute may have.", bytes_limit),
    ];
    for (name, help, value) in gauges {
        if let Some(value) = value {
            out.family(name, Kind::Gauge, help).sample(&labels, value);
        }
    }
    let help = "Calls that were refused or cut for a quota, by its name.";
    let exceeded = out.family("portico_quota_exceeded_total", Kind::Counter, help);
    for (quota, count) in used.exceeded {
        exceeded.sample(&[labels[0], ("quota", quota)], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        BackendSpec, ProxyPath, RemoteBackend, Resilience, RouteSpec, SystemResolver, UpstreamProtocol,
    };

    fn backend(paths: &[(&str, &str)]) -> RemoteBackend {
        let routes = paths.iter().map(|(method, path)| RouteSpec {
            methods: vec![(*method).to_owned()],
            path: (*path).to_owned(),
            ..RouteSpec::default()
        });
        let spec = BackendSpec {
            id: "acme.todos".into(),
            url: "http://127.0.0.1:4010".into(),
            audience: String::new(),
            scopes: Vec::new(),
            timeout: Duration::from_secs(1),
            retries: 0,
            version: "1.0.0".into(),
            views: Vec::new(),
            document: None,
            routes: routes.collect(),
            networks: Vec::new(),
            addresses: Vec::new(),
            protocol: UpstreamProtocol::default(),
            resilience: Resilience::default(),
        };
        RemoteBackend::compile(spec, Arc::new(SystemResolver)).expect("compiles")
    }

    fn call(backend: &RemoteBackend, method: Method, path: &str) {
        let path = ProxyPath::parse(path).expect("a path");
        let route = backend.routes().find(&method, path).expect("declared");
        route.metrics.observe(&method, StatusCode::OK, Duration::ZERO, ANSWERED);
    }

    fn exposed(backend: &RemoteBackend) -> String {
        let mut out = Exposition::default();
        backend.expose(&mut out);
        out.render()
    }

    #[test]
    fn routes_of_one_path_count_together_and_an_earlier_manifests_numbers_go_on() {
        let first = backend(&[("GET", "/a"), ("POST", "/a"), ("GET", "/gone")]);
        call(&first, Method::GET, "/a");
        call(&first, Method::POST, "/a");
        call(&first, Method::GET, "/gone");
        let second = backend(&[("GET", "/new"), ("GET", "/a")]).continuing(&first);
        call(&second, Method::GET, "/a");
        call(&second, Method::GET, "/new");
        let text = exposed(&second);
        let calls = |path: &str, count: u64| {
            let labels = format!(
                "portico_remote=\"acme.todos\",http_route=\"/bff/acme.todos{path}\",outcome=\"answered\""
            );
            text.lines().any(|line| line == format!("portico_calls_total{{{labels}}} {count}"))
        };
        assert!(calls("/a", 3) && calls("/new", 1), "{text}");
        assert!(!text.contains("/gone"), "what is not declared any more is not told: {text}");
    }

    #[test]
    fn what_fails_is_counted_by_what_it_was() {
        let backend = backend(&[("GET", "/a")]);
        for _ in 0..3 {
            let error = ForwardError::Timeout(5);
            backend.metrics.attempt(&Method::GET, Err(&error), Duration::from_millis(5));
        }
        let labels = "server_address=\"127.0.0.1\",server_port=\"4010\",error_type=\"upstream-timeout\"";
        let text = exposed(&backend);
        assert!(text.contains(&format!("{labels}}} 3\n")), "{text}");
    }
}
