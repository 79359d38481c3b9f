//! What the health page shows: the same numbers as `/metrics` and `/readyz`, for people.

use portico_app::platform::{
    Breaker, Count, EndpointRow, EndpointState, FailureRow, Group, GroupKind, HealthPage, Level, Moment,
    Number, Part, UpstreamRow,
};
use portico_gateway::{self as gateway, BreakerState, EndpointSnapshot, UpstreamSnapshot};
use portico_registry::Remote;
use portico_telemetry::Counter;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::metrics::Failure;
use crate::services::readiness::{Check, checks};
use crate::state::AppState;

/// How all of it is now.
pub(super) async fn page(state: &AppState) -> HealthPage {
    let checks = checks(state).await;
    let snapshot = state.registry.snapshot();
    let upstreams = snapshot.remotes().iter();
    let upstreams =
        upstreams.filter_map(|remote| Some(upstream(remote, state.backends.of(remote)?.snapshot())));
    let mut upstreams: Vec<_> = upstreams.collect();
    // What is wrong comes first.
    upstreams.sort_by_key(|upstream| std::cmp::Reverse(upstream.level));
    HealthPage {
        at: moment(state.clock.now()),
        parts: checks.into_iter().map(part).collect(),
        upstreams,
        failures: state.metrics.failures().into_iter().map(failure).collect(),
        limits: limits(state),
        numbers: vec![tokens(state), events(state), instance(state)],
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

fn upstream(remote: &Remote, now: UpstreamSnapshot) -> UpstreamRow {
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
        BreakerState::Closed if served == now.endpoints.len() => Level::Good,
        BreakerState::Closed if served == 0 => Level::Broken,
        BreakerState::Closed => Level::Degraded,
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
        (Number::Sessions, state.sessions.in_memory() as u64),
        (Number::Remotes, state.registry.snapshot().remotes().len() as u64),
        (Number::AuditWaiting, state.audit.sink().waiting()),
        (Number::LogDropped, state.log.as_ref().map_or(0, |log| log.dropped())),
    ];
    Group { kind: GroupKind::Instance, numbers }
}
