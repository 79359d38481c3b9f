//! The health page, on a good and on a bad day.

use portico_app::ShellState;
use portico_app::platform::{
    Breaker, Count, CredentialRow, EndpointRow, EndpointState, FailureRow, Group, GroupKind, HealthPage,
    Level, Moment, Number, Part, PartKind, PlatformPage, QuotaRow, UpstreamRow,
};

use super::admin;

fn moment(text: &str) -> Moment {
    Moment { text: text.into(), machine: "2026-11-20T10:00:00Z".into() }
}

fn part(kind: PartKind, level: Level, reason: &str) -> Part {
    Part { kind, name: String::new(), level, reason: reason.into() }
}

fn upstream(title: &str, remote: &str) -> UpstreamRow {
    UpstreamRow {
        title: title.into(),
        remote: remote.into(),
        url: format!("http://{title}.internal:8080"),
        level: Level::Good,
        breaker: Breaker::Closed,
        in_flight: (2, 64),
        queued: 0,
        answered: 18_204,
        failed: 0,
        refused: 0,
        retries: 3,
        quota: QuotaRow { calls: (2, Some(2_000)), bytes: None, seconds: Some(300), exceeded: 0 },
        slow_routes: Vec::new(),
        last_error: None,
        endpoints: vec![endpoint("10.0.0.7:8080", EndpointState::InService, 0)],
    }
}

fn endpoint(address: &str, state: EndpointState, failed: u64) -> EndpointRow {
    EndpointRow { address: address.into(), state, in_flight: 1, failed }
}

fn numbers(kind: GroupKind, numbers: &[Number]) -> Group {
    Group { kind, numbers: numbers.iter().map(|number| (*number, 12_345)).collect() }
}

fn shown(page: HealthPage) -> ShellState {
    let mut state = admin();
    state.operates = true;
    ShellState { platform: Some(PlatformPage::Health(page)), ..state }
}

/// Nothing behind the portal yet, and nothing wrong.
pub(crate) fn good() -> ShellState {
    let parts = [PartKind::Identity, PartKind::Events, PartKind::Sessions];
    let parts = parts.map(|kind| part(kind, Level::Good, "")).into();
    shown(HealthPage { at: moment("2026-11-20 10:00:00 UTC"), parts, ..HealthPage::default() })
}

/// One service gone, another at one of two addresses only, Kafka away, a limit reached.
pub(crate) fn bad() -> ShellState {
    let mut second = part(PartKind::Identity, Level::Degraded, "no answer within the time limit");
    second.name = "keycloak".into();
    let mut partly = upstream("todos", "acme.todos");
    partly.level = Level::Degraded;
    partly.endpoints.push(endpoint("todos-b.internal (10.0.0.8:8080)", EndpointState::Ejected, 12));
    let mut gone = upstream("insights", "acme.insights");
    (gone.level, gone.breaker) = (Level::Broken, Breaker::Open(7));
    (gone.failed, gone.refused, gone.queued) = (31, 402, 5);
    gone.last_error = Some((4, "no connection to the upstream: connection refused".into()));
    gone.endpoints = Vec::new();
    gone.quota =
        QuotaRow { calls: (9, None), bytes: Some((52_428_800, 52_428_800)), seconds: None, exceeded: 12 };
    partly.slow_routes = vec!["GET /reports/{year}/**".into(), "GET, HEAD /export".into()];
    let credential = |purpose: &str, reason: &str, read| CredentialRow {
        purpose: purpose.into(),
        source: "vault secret/acme/reports#password".into(),
        reason: reason.into(),
        read,
    };
    let failure = FailureRow {
        at: moment("2026-11-20 09:59:56 UTC"),
        route: "GET /bff/acme.insights/reports/**".into(),
        status: 503,
        outcome: "upstream-unavailable",
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        count: 402,
    };
    shown(HealthPage {
        at: moment("2026-11-20 10:00:00 UTC"),
        parts: vec![
            part(PartKind::Identity, Level::Good, ""),
            second,
            part(PartKind::Events, Level::Broken, "the event log does not answer"),
            part(PartKind::Sessions, Level::Good, ""),
        ],
        upstreams: vec![partly, gone],
        credentials: vec![
            credential("remote acme.bank", "vault secret/acme/bank#key: the server refuses it (403)", None),
            credential("remote acme.reports", "vault secret/acme/reports#password is not set", Some(86_400)),
            credential("remote acme.legacy", "", Some(12)),
        ],
        failures: vec![failure.clone(), failure],
        limits: vec![Count { name: "session".into(), count: 17 }],
        numbers: vec![
            numbers(
                GroupKind::Tokens,
                &[Number::TokensCached, Number::TokensExchanged, Number::TokensFailed],
            ),
            numbers(
                GroupKind::Cache,
                &[Number::CacheHits, Number::CacheStale, Number::CacheEvicted, Number::CacheKilobytes],
            ),
            numbers(GroupKind::Events, &[Number::Streams, Number::Lag, Number::Cut, Number::Published]),
            numbers(
                GroupKind::Instance,
                &[Number::ActiveRequests, Number::Upgrades, Number::Sessions, Number::LogDropped],
            ),
        ],
        registry_problems: 2,
    })
}
