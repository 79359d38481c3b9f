//! What goes on in the background: registry reloads, session sweeps, forgetting.

use std::collections::BTreeSet;
use std::time::Duration;

use portico_registry::{LoadProblem, Snapshot};

use crate::state::AppState;

/// Sessions whose time is over are ended within this time, so that their streams close.
const SWEEP: Duration = Duration::from_secs(1);
const FORGET: Duration = Duration::from_secs(60);
/// While a manifest host has not answered yet, it is asked this often.
const IMPATIENT: Duration = Duration::from_secs(1);

/// Starts the background work. It ends with the runtime.
pub fn spawn(state: &AppState) {
    tokio::spawn(sweep_sessions(state.clone()));
    tokio::spawn(close_streams(state.clone()));
    tokio::spawn(forget(state.clone()));
    if state.config.registry.reload_seconds > 0 {
        tokio::spawn(reload_registry(state.clone()));
    }
}

/// Every topic that a manifest names.
pub fn topics(snapshot: &Snapshot) -> BTreeSet<&str> {
    snapshot.subscribed_topics().into_iter().chain(snapshot.published_topics()).collect()
}

/// Tells the log what the registry left out.
pub fn tell_problems(problems: &[LoadProblem]) {
    for problem in problems {
        tracing::error!(
            registry.file = problem.file,
            registry.field = problem.field,
            registry.last_good_kept = problem.last_good_kept,
            "a remote is left out: {}",
            problem.reason
        );
    }
}

async fn sweep_sessions(state: AppState) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = state.sessions.sweep().await {
            tracing::warn!(error.message = %error, "ended sessions could not be removed");
        }
    }
}

/// Whatever ended a session, its streams and tokens go with it.
async fn close_streams(state: AppState) {
    let mut ended = state.sessions.ended();
    loop {
        match ended.recv().await {
            Ok(id) => {
                state.forget_tokens(&id);
                state.events.close_session(&id, portico_stream::CloseReason::Expired);
            }
            Err(tokio::sync::broadcast::error::RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "ended sessions were not all heard of; their streams close at the next sign");
            }
            Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
        }
    }
}

async fn forget(state: AppState) {
    loop {
        tokio::time::sleep(FORGET).await;
        state.limits.sweep();
    }
}

async fn reload_registry(state: AppState) {
    let usual = Duration::from_secs(state.config.registry.reload_seconds);
    let mut known = state.registry.snapshot().problems().to_vec();
    let mut pause = usual;
    loop {
        tokio::time::sleep(pause).await;
        let report = state.registry.reload().await;
        pause = if report.incomplete { IMPATIENT.min(usual) } else { usual };
        let fresh: Vec<_> = report.problems.iter().filter(|problem| !known.contains(problem)).cloned().collect();
        tell_problems(&fresh);
        known = report.problems;
        let snapshot = state.registry.snapshot();
        state.events.follow(topics(&snapshot).into_iter()).await;
    }
}
