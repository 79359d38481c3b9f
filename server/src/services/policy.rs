//! The policy engine that the configuration names, and what becomes of its policies while the portal runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portico_policy::{
    CedarPolicy, EngineKind, OpaPolicy, PolicyConfig, PolicyEngine, Recording, Reload, RolePolicy,
};
use portico_ports::{Clock, HttpClient};
use portico_telemetry::{Counter, Exposition};

use crate::config::Config;
use crate::start::StartError;

/// The configured policy; in development without roles and plans, those of the demo.
pub fn policy_config(config: &Config) -> PolicyConfig {
    let policy = config.policy.clone();
    if !config.is_development() || !policy.has_no_roles() {
        return policy;
    }
    let PolicyConfig { roles, role_descriptions, plans, organizations, .. } = PolicyConfig::demo();
    PolicyConfig { roles, role_descriptions, plans, organizations, ..policy }
}

/// The engine that `policy` names.
///
/// # Errors
/// Policies that cannot be used, with file and place.
pub fn engine(
    policy: &PolicyConfig,
    http: &Arc<dyn HttpClient>,
) -> Result<Arc<dyn PolicyEngine>, StartError> {
    Ok(match policy.engine {
        EngineKind::Roles => Arc::new(RolePolicy),
        EngineKind::Cedar => {
            let opened = CedarPolicy::open(policy.cedar.clone());
            Arc::new(opened.map_err(|error| StartError::Policy(error.to_string()))?)
        }
        EngineKind::Opa => Arc::new(OpaPolicy::new(Arc::clone(http), policy.opa.clone())),
    })
}

/// `engine`, with its decisions written down where `policy` says so.
///
/// # Errors
/// The file cannot be written.
pub fn recorded(
    engine: Arc<dyn PolicyEngine>,
    policy: &PolicyConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn PolicyEngine>, StartError> {
    let Some(path) = &policy.record else { return Ok(engine) };
    let recording = Recording::start(engine, Arc::clone(clock), path, policy.record_bytes);
    let told = |error| StartError::Policy(format!("policy.record {}: {error}", path.display()));
    Ok(Arc::new(recording.map_err(told)?))
}

/// What became of changed policies since the start, for `GET /metrics`.
#[derive(Debug, Default)]
pub struct PolicyReloads {
    changed: Counter,
    refused: Counter,
    is_stale: AtomicBool,
}

impl PolicyReloads {
    /// Counts what came of looking for changes, and tells the log.
    pub fn count(&self, reload: &Reload) {
        match reload {
            Reload::Unchanged => {}
            Reload::Changed => {
                self.changed.increment();
                self.is_stale.store(false, Ordering::Relaxed);
                tracing::info!("the changed policies are in use");
            }
            Reload::Refused(reason) => {
                self.refused.increment();
                self.is_stale.store(true, Ordering::Relaxed);
                tracing::error!(
                    error.message = reason,
                    "the changed policies are not used; the last good ones are"
                );
            }
        }
    }

    /// Writes what became of changed policies.
    pub fn expose(&self, out: &mut Exposition) {
        let help = "Changed policies that were taken up.";
        out.counter("portico_policy_reloads_total", help, &self.changed);
        let help = "Changed policies that could not be used.";
        out.counter("portico_policy_reload_failures_total", help, &self.refused);
        let stale = u8::from(self.is_stale.load(Ordering::Relaxed));
        out.gauge(
            "portico_policy_stale",
            "Whether decisions are made by older policies than those there.",
            stale,
        );
    }
}
