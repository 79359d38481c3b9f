//! What the health page shows: the same numbers as `/metrics` and `/readyz`, for people.

use std::sync::Arc;

use portico_app::platform::{
    Breaker, Count, CredentialRow, EndpointRow, EndpointState, FailureRow, Group, GroupKind, HealthPage,
    Level, Moment, Number, Part, QuotaRow, UpstreamRow,
};
use portico_gateway::{
    self as gateway, BreakerState, CacheCounts, EndpointSnapshot, QuotaUse, StoreUsage, UpstreamSnapshot,
};
use portico_registry::Remote;
use portico_telemetry::Counter;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::credentials::CredentialStanding;
use crate::metrics::Failure;
use crate::services::readiness::{Check, checks};
use crate::state::AppState;

/// How all of it is now.
pub(super) async fn page(state: &AppState) -> HealthPage {
    let checks = checks(state).await;
    let snapshot = state.registry.snapshot();
    let upstreams = snapshot.remotes().iter();
    let upstreams = upstreams.filter_map(|remote| {
        let backend = state.backends.of(remote)?;
        Some(upstream(remote, backend.snapshot(), &backend.quota_use()))
    });
    let mut upstreams: Vec<_> = upstreams.collect();
    // What is wrong comes first.
    upstreams.sort_by_key(|upstream| std::cmp::Reverse(upstream.level));
    HealthPage {
        at: moment(state.clock.now()),
        parts: checks.into_iter().map(part).collect(),
        upstreams,
        credentials: credentials(state),
        failures: state.metrics.failures().into_iter().map(failure).collect(),
        limits: limits(state),
        numbers: [Some(tokens(state)), cache(state), Some(events(state)), Some(instance(state))]
            .into_iter()
            .flatten()
            .collect(),
        registry_problems: snapshot.problems().len(),
    }
}

fn part(check: Check) -> Part {
    let level = match (&check.result, check.counts) {
        (Ok(()), _) => Level::Good,
        (Err(_), false) => Level::Degraded,
        (Err(_), true) => Level::Broken,
    };
    // `identity.keycloak` is one of several, `identity` the only one.
    let name = check.name.split_once('.').map(|(_, name)| name.to_owned()).unwrap_or_default();
    Part { kind: check.kind, name, level, reason: check.result.err().unwrap_or_default() }
}

fn upstream(remote: &Remote, now: UpstreamSnapshot, used: &QuotaUse) -> UpstreamRow {
    UpstreamRow {
        title: remote.manifest.display_name.clone(),
        level: level(&now),
        breaker: match now.breaker {
            BreakerState::Closed => Breaker::Closed,
            BreakerState::Open { retry_after } => Breaker::Open(retry_after.as_secs().max(1)),
            BreakerState::HalfOpen => Breaker::HalfOpen,
        },
        in_flight: (now.in_flight, now.limit),
        queued: now.queued,
        answered: now.answered,
        failed: now.failed,
        refused: now.refused + now.shed,
        retries: now.retries,
        quota: QuotaRow {
            calls: (used.calls, used.quota.concurrent),
            bytes: used.quota.bytes_per_minute.map(|most| (used.bytes, most)),
            seconds: used.quota.answer_time.map(|time| time.as_secs()),
            exceeded: used.exceeded.iter().map(|(_, count)| count).sum(),
        },
        slow_routes: now.slow_routes,
        last_error: now.last_error.map(|error| (error.ago.as_secs(), error.message)),
        endpoints: now.endpoints.into_iter().map(endpoint).collect(),
        remote: now.remote,
        url: now.url,
    }
}

/// A breaker that is not closed says that the service does not work; an endpoint that is left out, that it works elsewhere.
fn level(now: &UpstreamSnapshot) -> Level {
    let in_service = |endpoint: &EndpointSnapshot| endpoint.state == gateway::EndpointState::InService;
    let served = now.endpoints.iter().filter(|endpoint| in_service(endpoint)).count();
    match now.breaker {
        BreakerState::Open { .. } => Level::Broken,
        BreakerState::HalfOpen => Level::Degraded,
        BreakerState::Closed if served == 0 && !now.endpoints.is_empty() => Level::Broken,
        BreakerState::Closed if served < now.endpoints.len() || !now.slow_routes.is_empty() => {
            Level::Degraded
        }
        BreakerState::Closed => Level::Good,
    }
}

fn endpoint(one: EndpointSnapshot) -> EndpointRow {
    let address = one.address.to_string();
    let is_named = one.host != one.address.ip().to_string();
    let address = if is_named { format!("{} ({address})", one.host) } else { address };
    EndpointRow {
        address: if one.protocol == Some("2") { format!("{address}, HTTP/2") } else { address },
        state: match one.state {
            gateway::EndpointState::InService => EndpointState::InService,
            gateway::EndpointState::Ejected => EndpointState::Ejected,
            gateway::EndpointState::Unhealthy => EndpointState::Unhealthy,
        },
        in_flight: one.outstanding,
        failed: one.failed,
    }
}

fn failure(one: Failure) -> FailureRow {
    FailureRow {
        at: moment(one.at),
        route: one.route,
        status: one.status,
        outcome: one.outcome,
        trace_id: one.trace_id,
        count: one.count,
    }
}

/// To the second, and written as logs write it: it will be looked for there.
fn moment(at: OffsetDateTime) -> Moment {
    let text = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    Moment { text: at.format(text).unwrap_or_default(), machine: at.format(&Rfc3339).unwrap_or_default() }
}

/// Those that were reached.
fn limits(state: &AppState) -> Vec<Count> {
    let reached = state.limits.exceeded();
    let reached = reached.into_iter().filter(|(_, count)| *count > 0);
    reached.map(|(name, count)| Count { name: name.to_owned(), count }).collect()
}

fn credentials(state: &AppState) -> Vec<CredentialRow> {
    let now = state.clock.now();
    let ago = |at: OffsetDateTime| u64::try_from((now - at).whole_seconds()).unwrap_or_default();
    let row = |one: &Arc<CredentialStanding>| CredentialRow {
        purpose: one.purpose.clone(),
        source: one.source.clone(),
        reason: one.failing().unwrap_or_default(),
        read: one.read_at().map(ago),
    };
    let mut rows: Vec<_> = state.credentials.iter().map(row).collect();
    rows.sort_by(|one, other| (&one.purpose, &one.source).cmp(&(&other.purpose, &other.source)));
    rows.sort_by_key(|row| std::cmp::Reverse(row.level()));
    rows
}

/// Nothing where no answer is kept.
fn cache(state: &AppState) -> Option<Group> {
    let cache = state.gateway.cache()?;
    let CacheCounts { hits, stale, joined, misses } = cache.counts();
    let mut numbers = vec![
        (Number::CacheHits, hits),
        (Number::CacheMisses, misses),
        (Number::CacheStale, stale),
        (Number::CacheJoined, joined),
    ];
    if let Some(StoreUsage { bytes, evicted }) = cache.usage() {
        numbers.push((Number::CacheEvicted, evicted));
        numbers.push((Number::CacheKilobytes, bytes.div_ceil(1024)));
    }
    Some(Group { kind: GroupKind::Cache, numbers })
}

fn tokens(state: &AppState) -> Group {
    let counts = &state.metrics.tokens;
    let numbers = [
        (Number::TokensCached, &counts.cached),
        (Number::TokensExchanged, &counts.exchanged),
        (Number::TokensFailed, &counts.failed),
    ];
    let numbers = numbers.map(|(number, count): (_, &Counter)| (number, count.get())).into();
    Group { kind: GroupKind::Tokens, numbers }
}

fn events(state: &AppState) -> Group {
    let gateway = state.events.gateway();
    let (metrics, health) = (gateway.metrics(), gateway.health());
    let numbers = vec![
        (Number::Streams, health.streams as u64),
        (Number::Records, metrics.records.get()),
        (Number::Lag, health.lag),
        (Number::Skipped, metrics.skipped.refused()),
        (Number::Frames, metrics.frames.get() + metrics.frames_replayed.get()),
        (Number::Waiting, gateway.backlog().frames),
        (Number::Resuming, u64::try_from(metrics.resuming.get()).unwrap_or_default()),
        (Number::Cut, metrics.streams_lagged.get()),
        (Number::Resets, metrics.resets.get()),
        (Number::Published, metrics.published.get()),
        (Number::PublishFailures, metrics.publish_failures.get()),
    ];
    Group { kind: GroupKind::Events, numbers }
}

fn instance(state: &AppState) -> Group {
    let numbers = vec![
        (Number::ActiveRequests, u64::try_from(state.metrics.active.get()).unwrap_or_default()),
        (Number::Upgrades, u64::try_from(state.open_calls.upgrades().get()).unwrap_or_default()),
        (Number::Sessions, state.sessions.in_memory() as u64),
        (Number::Remotes, state.registry.snapshot().remotes().len() as u64),
        (Number::AuditWaiting, state.audit.sink().waiting()),
        (Number::LogDropped, state.log.as_ref().map_or(0, |log| log.dropped())),
    ];
    Group { kind: GroupKind::Instance, numbers }
}
