use super::Moment;

/// How the portal and everything behind it is doing, for the platform's operators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthPage {
    /// When this was so.
    pub at: Moment,
    /// What the portal cannot do without.
    pub parts: Vec<Part>,
    /// The services behind remotes.
    pub upstreams: Vec<UpstreamRow>,
    /// Credentials of those services, and other keys, that the portal reads again and again.
    pub credentials: Vec<CredentialRow>,
    /// What went wrong lately, newest first.
    pub failures: Vec<FailureRow>,
    /// What was refused because it was too much, by limit, where anything was.
    pub limits: Vec<Count>,
    /// Tokens for calls, events and streams, what waits: numbers since the start.
    pub numbers: Vec<Group>,
    /// Remotes that the registry left out.
    pub registry_problems: usize,
}

/// How something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    #[default]
    Good,
    /// It works, and not all of it.
    Degraded,
    /// It does not work.
    Broken,
}

/// Something that the portal depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Which of several; empty where there is one.
    pub name: String,
    /// How it is.
    pub level: Level,
    /// Why, in the words of whoever found out; empty where all is well.
    pub reason: String,
}

/// What the portal depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// An OpenID provider.
    Identity,
    /// The event log.
    Events,
    /// The session store.
    Sessions,
    /// The audit trail.
    Audit,
    /// The policy engine.
    Policy,
    /// This instance.
    Server,
}

/// The service behind a remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamRow {
    /// What people call the remote.
    pub title: String,
    /// Its id.
    pub remote: String,
    /// `backend.url`.
    pub url: String,
    /// How it is.
    pub level: Level,
    /// Its circuit breaker.
    pub breaker: Breaker,
    /// Calls under way, and how many may be.
    pub in_flight: (u32, u32),
    /// Calls that wait for a place.
    pub queued: u32,
    /// Calls that were answered.
    pub answered: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Calls refused without being sent.
    pub refused: u64,
    /// Further attempts.
    pub retries: u64,
    /// What it uses of its quota.
    pub quota: QuotaRow,
    /// Routes whose calls are refused for now, since they kept timing out.
    pub slow_routes: Vec<String>,
    /// What failed last, and how many seconds ago.
    pub last_error: Option<(u64, String)>,
    /// Where it is.
    pub endpoints: Vec<EndpointRow>,
}

/// What a remote uses of its quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaRow {
    /// Calls under way, and how many may be.
    pub calls: (u32, Option<u32>),
    /// Bytes of the last minute, and how many may be, where they are limited.
    pub bytes: Option<(u64, u64)>,
    /// How many seconds an answer may take, where that is limited.
    pub seconds: Option<u64>,
    /// Calls that were refused or cut for it.
    pub exceeded: u64,
}

/// A credential that the portal keeps current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRow {
    /// What it is for, as the log and the audit trail call it.
    pub purpose: String,
    /// Where it is read.
    pub source: String,
    /// Why it cannot be read; empty where it can.
    pub reason: String,
    /// How many seconds ago it was read last; none where it never was.
    pub read: Option<u64>,
}

impl CredentialRow {
    /// How it is: one that was read once is still of use.
    pub fn level(&self) -> Level {
        match (self.reason.is_empty(), self.read) {
            (true, _) => Level::Good,
            (false, Some(_)) => Level::Degraded,
            (false, None) => Level::Broken,
        }
    }
}

/// What a circuit breaker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Calls pass.
    Closed,
    /// Calls are refused for this many seconds more.
    Open(u64),
    /// One call is finding out.
    HalfOpen,
}

/// One address of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRow {
    /// Where.
    pub address: String,
    /// Whether it gets calls.
    pub state: EndpointState,
    /// Calls under way there.
    pub in_flight: usize,
    /// Attempts that failed there.
    pub failed: u64,
}

/// Whether an address gets calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    /// It does.
    InService,
    /// Left out for a while, since calls failed there.
    Ejected,
    /// Left out until its health check succeeds.
    Unhealthy,
}

/// Requests that failed in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureRow {
    /// When the last of them was over.
    pub at: Moment,
    /// The route's pattern, with the method.
    pub route: String,
    /// The status it was answered with.
    pub status: u16,
    /// What became of it, as metrics and the log call it.
    pub outcome: &'static str,
    /// What to look for in the log; of the last of them.
    pub trace_id: String,
    /// How many there were.
    pub count: u64,
}

/// How often something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What, as configuration calls it.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// Numbers that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they are of.
    pub kind: GroupKind,
    /// Each of them.
    pub numbers: Vec<(Number, u64)>,
}

/// What numbers are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// Tokens for calls.
    Tokens,
    /// Answers that are kept.
    Cache,
    /// Events and streams.
    Events,
    /// This instance.
    Instance,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Tokens that the cache had.
    TokensCached,
    /// Tokens that were exchanged.
    TokensExchanged,
    /// Calls for which there was no token.
    TokensFailed,
    /// Calls answered from what is kept.
    CacheHits,
    /// Calls answered by the service.
    CacheMisses,
    /// Calls answered from what is kept and no longer fresh.
    CacheStale,
    /// Calls answered by what another call brought.
    CacheJoined,
    /// Kept answers that made room for others.
    CacheEvicted,
    /// Kilobytes that are kept.
    CacheKilobytes,
    /// Open streams.
    Streams,
    /// Records read from the log.
    Records,
    /// Records that are not read yet.
    Lag,
    /// Records that count for nothing: unsigned, forged, without an organization, unreadable.
    Skipped,
    /// Frames handed to streams.
    Frames,
    /// Frames that slow readers have yet to take.
    Waiting,
    /// Streams on their way to the present.
    Resuming,
    /// Streams cut because their reader was too slow.
    Cut,
    /// Gaps that clients were told of.
    Resets,
    /// Events published.
    Published,
    /// Events that were not taken.
    PublishFailures,
    /// Requests under way.
    ActiveRequests,
    /// Connections that have left HTTP.
    Upgrades,
    /// Sessions in memory.
    Sessions,
    /// Remotes that are registered.
    Remotes,
    /// Audit events that wait.
    AuditWaiting,
    /// Log lines that were dropped.
    LogDropped,
}

impl Number {
    /// Whether a number above zero is a reason to look.
    pub fn is_worrying(self) -> bool {
        matches!(
            self,
            Self::TokensFailed
                | Self::Skipped
                | Self::Cut
                | Self::Resets
                | Self::PublishFailures
                | Self::LogDropped
        )
    }
}

impl HealthPage {
    /// How all of it is: the worst of what it cannot do without; a broken service, or what was left out, leaves the rest.
    pub fn level(&self) -> Level {
        let parts = self.parts.iter().map(|part| part.level).max().unwrap_or_default();
        let others = self.upstreams.iter().map(|upstream| upstream.level.min(Level::Degraded)).max();
        let credentials = self.credentials.iter().map(|one| one.level().min(Level::Degraded)).max();
        let others = others.max(credentials);
        let registry = if self.registry_problems > 0 { Level::Degraded } else { Level::Good };
        parts.max(others.unwrap_or_default()).max(registry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(level: Level) -> Part {
        Part { kind: PartKind::Events, name: String::new(), level, reason: String::new() }
    }

    #[test]
    fn one_broken_service_leaves_the_portal_degraded_and_a_broken_part_breaks_it() {
        let mut page = HealthPage { parts: vec![part(Level::Good)], ..HealthPage::default() };
        assert_eq!(page.level(), Level::Good);
        page.registry_problems = 1;
        assert_eq!(page.level(), Level::Degraded);
        page.parts.push(part(Level::Broken));
        assert_eq!(page.level(), Level::Broken);
    }
}
