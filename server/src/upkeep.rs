//! What goes on in the background: registry reloads, session sweeps, forgetting.

use std::collections::BTreeSet;
use std::time::Duration;

use portico_identity::session::{Notice, SessionId, SessionSignal};
use portico_policy::{EngineKind, Reload};
use portico_registry::{LoadProblem, Snapshot};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::audit;
use crate::dev::live_reload;
use crate::services::refresh_listeners;
use crate::state::{AppState, Portal, WeakState};

/// Sessions whose time is over are ended within this time, so that their streams close.
const SWEEP: Duration = Duration::from_secs(1);
/// How often policy files are looked at.
const POLICY_LOOK: Duration = Duration::from_secs(1);
const FORGET: Duration = Duration::from_secs(60);
/// Well within the time that tokens are refreshed ahead of their end.
const REFRESH: Duration = Duration::from_secs(5);
/// While a manifest host has not answered yet, it is asked this often.
const IMPATIENT: Duration = Duration::from_secs(1);

/// Starts the background work. It ends with the portal.
pub fn spawn(state: &AppState) {
    tokio::spawn(sweep_sessions(state.downgrade()));
    tokio::spawn(follow_sessions(state.downgrade(), state.sessions.signals()));
    tokio::spawn(hear_other_instances(state.downgrade(), state.sessions.listen()));
    tokio::spawn(refresh(state.downgrade()));
    tokio::spawn(forget(state.downgrade()));
    if state.config.policy.engine == EngineKind::Cedar {
        tokio::spawn(reload_policies(state.downgrade()));
    }
    if live_reload::watching() {
        tokio::spawn(live_reload::follow_assets(state.downgrade()));
    }
    let told = tell_direct(state, &Direct::new());
    if state.config.registry.reload_seconds > 0 {
        tokio::spawn(reload_registry(state.downgrade(), told));
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

/// What the browser may call past the portal: remote, version, origin.
type Direct = BTreeSet<(String, String, String)>;

/// Records what has come into use that was not `known`, and returns all of it.
fn tell_direct(state: &Portal, known: &Direct) -> Direct {
    let snapshot = state.registry.snapshot();
    let mut now = Direct::new();
    for remote in snapshot.remotes() {
        for direct in &remote.manifest.security.direct {
            let use_of = (remote.id.clone(), remote.version.to_string(), direct.origin.clone());
            if !known.contains(&use_of) {
                audit::direct_origin(&state.audit, remote, direct);
            }
            now.insert(use_of);
        }
    }
    now
}

async fn sweep_sessions(state: WeakState) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(state) = state.upgrade() else { return };
        if let Err(error) = state.sessions.sweep().await {
            tracing::warn!(error.message = %error, "ended sessions could not be removed");
        }
        // While the feed is silent, open streams are what would outlive their sessions.
        if !state.sessions.trusts_memory()
            && let Err(error) = state.sessions.recheck().await
        {
            tracing::warn!(error.message = %error, "sessions could not be looked up in the store");
        }
    }
}

/// What other instances did to sessions holds here within a moment.
async fn hear_other_instances(state: WeakState, mut notices: broadcast::Receiver<Notice>) {
    loop {
        let heard = notices.recv().await;
        let Some(state) = state.upgrade() else { return };
        match heard {
            Ok(notice) => state.sessions.heard(&notice),
            Err(RecvError::Lagged(_)) => state.sessions.heard(&Notice::Gap),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Whatever ended or changed a session, its streams and tokens go with it.
async fn follow_sessions(state: WeakState, mut signals: broadcast::Receiver<SessionSignal>) {
    loop {
        let heard = signals.recv().await;
        let Some(state) = state.upgrade() else { return };
        match heard {
            Ok(SessionSignal::Ended(id, reason)) => {
                state.session_ended(&id, reason);
                forget_shared_tokens(state, id);
            }
            Ok(SessionSignal::PrivilegesChanged(id)) => {
                state.privileges_changed(&id);
                forget_shared_tokens(state, id);
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(
                    missed,
                    "ended sessions were not all heard of; their streams close at the next sign"
                );
            }
            Err(RecvError::Closed) => return,
        }
    }
}

async fn refresh(state: WeakState) {
    loop {
        tokio::time::sleep(REFRESH).await;
        let Some(state) = state.upgrade() else { return };
        refresh_listeners(&state).await;
    }
}

/// On its own: the next session's end is not to wait for a server.
fn forget_shared_tokens(state: AppState, id: SessionId) {
    tokio::spawn(async move { state.providers.forget_shared(&id).await });
}

async fn forget(state: WeakState) {
    loop {
        tokio::time::sleep(FORGET).await;
        let Some(state) = state.upgrade() else { return };
        state.limits.sweep();
        if let Err(error) = state.sessions.remove_expired().await {
            tracing::warn!(error.message = %error, "expired sessions could not be removed from the store");
        }
    }
}

async fn reload_registry(state: WeakState, mut direct: Direct) {
    // The load at start has told its problems already.
    let Some((mut known, mut pause)) = state.upgrade().map(|state| {
        let snapshot = state.registry.snapshot();
        (snapshot.problems().to_vec(), pause(&state, snapshot.is_incomplete()))
    }) else {
        return;
    };
    loop {
        tokio::time::sleep(pause).await;
        let Some(state) = state.upgrade() else { return };
        let report = state.registry.reload().await;
        pause = self::pause(&state, report.incomplete);
        let fresh: Vec<_> =
            report.problems.iter().filter(|problem| !known.contains(problem)).cloned().collect();
        tell_problems(&fresh);
        known = report.problems;
        direct = tell_direct(&state, &direct);
        let snapshot = state.registry.snapshot();
        state.events.follow(topics(&snapshot).into_iter()).await;
    }
}

/// Takes up changed policy files. What was allowed before is asked again: streams are opened anew.
async fn reload_policies(state: WeakState) {
    loop {
        tokio::time::sleep(POLICY_LOOK).await;
        let Some(state) = state.upgrade() else { return };
        let policy = state.policy.clone();
        // Reading and validating files is no work for the threads that serve.
        let Ok(reload) = tokio::task::spawn_blocking(move || policy.reload()).await else { return };
        state.policy_reloads.count(&reload);
        if reload == Reload::Changed {
            state.events.gateway().interrupt_all();
        }
    }
}

/// How long until the next reload.
fn pause(state: &Portal, incomplete: bool) -> Duration {
    let usual = Duration::from_secs(state.config.registry.reload_seconds);
    if incomplete { IMPATIENT.min(usual) } else { usual }
}
