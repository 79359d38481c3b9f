use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use portico_identity::session::SessionState;
use portico_policy::{Entitlements, PolicyConfig, Principal};

/// What sessions may do: roles give permissions, the organization's plan bounds them.
#[derive(Debug)]
pub struct EntitlementService {
    policy: PolicyConfig,
    /// By organization and roles: few combinations serve everyone.
    known: RwLock<HashMap<(String, Vec<String>), Entitlements>>,
}

impl EntitlementService {
    /// By configuration.
    pub fn new(policy: PolicyConfig) -> Self {
        Self { policy, known: RwLock::default() }
    }

    /// Who a session is to the policy engine.
    pub fn principal(&self, state: &SessionState) -> Arc<Principal> {
        let roles = state.roles().to_vec();
        let entitlements = self.entitlements(&state.org_id, &roles);
        let principal = Principal::new(&state.person.issuer, &state.person.sub, &state.org_id);
        Arc::new(principal.with_roles(roles, entitlements))
    }

    fn entitlements(&self, org_id: &str, roles: &[String]) -> Entitlements {
        let key = (org_id.to_owned(), roles.to_vec());
        if let Some(known) = self.known.read().get(&key) {
            return known.clone();
        }
        let made = self.policy.entitlements(org_id, roles.iter().map(String::as_str));
        self.known.write().insert(key, made.clone());
        made
    }
}
