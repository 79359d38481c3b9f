//! Everything that is measured, gathered for whoever asks.

use portico_telemetry::{Exposition, Kind};

use crate::credentials;
use crate::state::AppState;

/// What this instance has done, and how it is.
pub fn all(state: &AppState) -> Exposition {
    let mut out = Exposition::default();
    let version = [("version", portico_contracts::SHELL_VERSION)];
    out.family("portico_build_info", Kind::Gauge, "The version that runs.").sample(&version, 1);
    let started = state.started_at.unix_timestamp();
    out.gauge("portico_started_timestamp_seconds", "When this configuration was taken up.", started);
    state.metrics.expose(&mut out);
    let limited = out.family("portico_limited_total", Kind::Counter, "Requests refused by limits.");
    for (limit, count) in state.limits.exceeded() {
        limited.sample(&[("limit", limit)], count);
    }
    let snapshot = state.registry.snapshot();
    for remote in snapshot.remotes() {
        if let Some(backend) = state.backends.of(remote) {
            backend.expose(&mut out);
        }
    }
    if let Some(cache) = state.gateway.cache() {
        cache.expose(&mut out);
    }
    credentials::expose(&state.credentials, &mut out);
    let help = "Connections that have left HTTP (WebSocket and others).";
    out.level("portico_upgrades_open", help, state.open_calls.upgrades());
    out.gauge("portico_registry_remotes", "Remotes that are registered.", snapshot.remotes().len());
    out.gauge("portico_registry_problems", "Remotes or files that were left out.", snapshot.problems().len());
    let sessions = state.sessions.in_memory();
    out.gauge("portico_sessions_in_memory", "Sessions that this instance has seen lately.", sessions);
    state.events.expose(&mut out);
    state.audit.expose(&mut out);
    state.policy_reloads.expose(&mut out);
    if let Some(tracer) = &state.tracer {
        tracer.expose(&mut out);
    }
    if let Some(log) = &state.log {
        let help = "Log lines that were dropped because the log was not read fast enough.";
        out.family("portico_log_lines_dropped_total", Kind::Counter, help).sample(&[], log.dropped());
    }
    out
}
