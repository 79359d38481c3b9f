//! Whether everything that the portal depends on answers.

use portico_app::platform::PartKind;
use portico_policy::Health;

use crate::state::AppState;

/// How one thing is that the portal depends on.
#[derive(Debug)]
pub struct Check {
    /// What it is.
    pub kind: PartKind,
    /// What `/readyz` calls it.
    pub name: String,
    /// Whether it answers, or why not.
    pub result: Result<(), String>,
    /// Whether the instance has to be left out while it does not.
    pub counts: bool,
}

impl Check {
    fn new(kind: PartKind, name: &str, result: Result<(), String>) -> Self {
        Self { kind, name: name.to_owned(), result, counts: true }
    }
}

/// Asks all of them.
pub async fn checks(state: &AppState) -> Vec<Check> {
    let providers = state.providers.ready().await;
    // One provider of several that is away takes nothing from those who sign in elsewhere: the instance stays in use.
    let another = providers.iter().any(|(_, answer)| answer.is_ok());
    let mut checks: Vec<Check> = providers
        .into_iter()
        .map(|(provider, answer)| Check {
            kind: PartKind::Identity,
            name: provider.log_name(),
            counts: answer.as_ref().is_err_and(|error| !(another && error.is_temporary())),
            result: answer.map_err(|error| error.to_string()),
        })
        .collect();
    checks.push(Check::new(PartKind::Events, "events", state.events.ready()));
    let sessions = state.sessions.ready().await.map_err(|error| error.to_string());
    checks.push(Check::new(PartKind::Sessions, "sessions", sessions));
    if let Err(reason) = state.audit.sink().ready() {
        checks.push(Check::new(PartKind::Audit, "audit", Err(reason)));
    }
    match state.policy.health().await {
        Health::Good => {}
        // Every instance reads the same files: refusing traffic would take all of them out for a policy that none uses.
        Health::Stale(reason) => {
            checks.push(Check { counts: false, ..Check::new(PartKind::Policy, "policy", Err(reason)) });
        }
        Health::Down(reason) => checks.push(Check::new(PartKind::Policy, "policy", Err(reason))),
    }
    if state.draining() {
        let reason = Err("the server is shutting down".to_owned());
        checks.push(Check::new(PartKind::Server, "server", reason));
    }
    checks
}

/// Whether the instance should get requests.
pub fn is_ready(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.result.is_ok() || !check.counts)
}
