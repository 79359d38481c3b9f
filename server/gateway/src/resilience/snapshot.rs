use std::net::SocketAddr;
use std::time::Duration;

/// What one upstream is doing, for metrics and the health page. For administrators: it names addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSnapshot {
    /// The remote's id, `scope.name`.
    pub remote: String,
    /// The manifest's `backend.url`.
    pub url: String,
    /// Its circuit breaker.
    pub breaker: BreakerState,
    /// How often the breaker opened, and those of its routes.
    pub opened: u64,
    /// Calls that wait for the beginning of an answer.
    pub in_flight: u32,
    /// How many may.
    pub limit: u32,
    /// Calls that wait for a place among those.
    pub queued: u32,
    /// Calls that were answered (but for 502, 503 and 504), ever.
    pub answered: u64,
    /// Calls that failed, or were answered with 502, 503 or 504.
    pub failed: u64,
    /// Calls that the open breaker refused.
    pub refused: u64,
    /// Calls that the concurrency limit refused.
    pub shed: u64,
    /// Further attempts.
    pub retries: u64,
    /// Further attempts that the budget did not allow.
    pub retries_denied: u64,
    /// Second requests sent because the first took long.
    pub hedges: u64,
    /// Routes whose calls are refused for now, since they kept timing out: methods and pattern.
    pub slow_routes: Vec<String>,
    /// What failed last.
    pub last_error: Option<LastError>,
    /// The endpoints known now; none before the first call where a name must be resolved.
    pub endpoints: Vec<EndpointSnapshot>,
}

/// What a circuit breaker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open {
        /// When one is let through.
        retry_after: Duration,
    },
    /// One call is finding out whether the upstream is back.
    HalfOpen,
}

impl BreakerState {
    /// `closed`, `open` or `half-open`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// A failure, and how long ago it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// What happened. Names addresses.
    pub message: String,
    /// Since when.
    pub ago: Duration,
}

/// What one endpoint is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSnapshot {
    /// The name that led here, or the address itself.
    pub host: String,
    /// Where connections go.
    pub address: SocketAddr,
    /// Whether it gets calls.
    pub state: EndpointState,
    /// Calls under way here, their answers' bodies included.
    pub outstanding: usize,
    /// Connections that are open, in use or kept.
    pub connections: usize,
    /// Which version of HTTP calls are made in, as the semantic conventions' `network.protocol.version` names it; none
    /// before the first connection has shown it.
    pub protocol: Option<&'static str>,
    /// Attempts that failed here, ever.
    pub failed: u64,
    /// How often it was left out.
    pub ejected: u64,
}

/// Whether an endpoint gets calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    /// It does.
    InService,
    /// Left out for a while, since calls failed here.
    Ejected,
    /// Left out until its health check succeeds.
    Unhealthy,
}

impl EndpointState {
    /// `in-service`, `ejected` or `unhealthy`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::InService => "in-service",
            Self::Ejected => "ejected",
            Self::Unhealthy => "unhealthy",
        }
    }
}
