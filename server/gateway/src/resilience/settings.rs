use std::time::Duration;

/// How an upstream's failures are met. The operator's, never the manifest's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resilience {
    /// When calls are refused at once, and when one is let through again.
    pub breaker: BreakerSettings,
    /// When an endpoint gets no calls for a while.
    pub ejection: EjectionSettings,
    /// How many further attempts all calls together may make.
    pub budget: BudgetSettings,
    /// How many calls may wait for the upstream's answer at once.
    pub concurrency: ConcurrencySettings,
    /// How its endpoints are looked at while nobody calls; not at all without.
    pub health: Option<HealthCheck>,
    /// After how long a GET or HEAD without an answer is sent to another endpoint too; never without.
    pub hedge_after: Option<Duration>,
}

/// A circuit breaker's numbers, for the upstream and for each of its routes. A failure of the upstream is a call that ended
/// without a connection or a usable answer, or with 502 or 503, while no endpoint was well; a failure of a route, one whose
/// answer did not begin in time, or was 504. Being late at one thing says nothing about the others, and whoever can make it
/// late must not take them away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// It opens after this many failures without an answer in between; 0 for never.
    pub consecutive: u32,
    /// It opens when this share of a window's calls failed, in percent; 0 for never.
    pub percent: u32,
    /// The fewest calls of a window of which a share says anything.
    pub volume: u32,
    /// How long a window is; it begins with a failure.
    pub window: Duration,
    /// How long it stays open before one call is let through, and how long that call has before another may try.
    pub probe_interval: Duration,
}

/// When one of several endpoints is left out. A failure is an attempt that ended as for the breaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EjectionSettings {
    /// It is left out after this many failures without an answer in between; 0 for never.
    pub consecutive: u32,
    /// For this long; twice as long each time that it fails again soon after, up to five minutes.
    pub base: Duration,
    /// The largest share of the endpoints that may be left out, in percent.
    pub percent: u32,
}

/// A retry budget's numbers: further attempts and hedges of all calls together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetSettings {
    /// For each hundred answered calls.
    pub percent: u32,
    /// And each second, so that a quiet upstream's calls are repeated too.
    pub per_second: u32,
}

/// A concurrency limit's numbers. The limit begins at its maximum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcurrencySettings {
    /// The limit never falls below this, so that recovery is noticed.
    pub min: u32,
    /// It never grows beyond this.
    pub max: u32,
    /// How many further calls wait for a place.
    pub queue: u32,
    /// How long they do.
    pub wait: Duration,
}

/// An active health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// A path on the service, such as `/healthz`; `GET`, without credentials. Any 2xx is healthy.
    pub path: http::uri::PathAndQuery,
    /// Between two looks.
    pub interval: Duration,
    /// How long one look may take.
    pub limit: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            consecutive: 5,
            percent: 50,
            volume: 20,
            window: Duration::from_secs(10),
            probe_interval: Duration::from_secs(1),
        }
    }
}

impl Default for EjectionSettings {
    fn default() -> Self {
        Self { consecutive: 5, base: Duration::from_secs(5), percent: 50 }
    }
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self { percent: 20, per_second: 10 }
    }
}

impl Default for ConcurrencySettings {
    fn default() -> Self {
        Self { min: 8, max: 1024, queue: 64, wait: Duration::from_millis(100) }
    }
}
