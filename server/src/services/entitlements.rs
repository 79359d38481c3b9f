use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;
use portico_app::ADMINISTRATION;
use portico_directory::AdminRoles;
use portico_identity::session::SessionState;
use portico_policy::{Claims, Entitlements, PolicyConfig, Principal};

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
        let claims = Claims::new(state.person.claims.clone());
        Arc::new(principal.with_roles(roles, entitlements).with_claims(claims))
    }

    /// The roles that the holder of `held` may give: those whose permissions they have themselves. Permissions, not
    /// entitlements, are compared: otherwise a larger plan would one day give someone more than the giver ever had.
    pub fn grantable(&self, held: &Entitlements) -> Vec<(&str, Vec<&str>)> {
        let grantable = self.policy.roles.iter().filter(|(_, permissions)| covers(held, permissions));
        grantable.map(|(role, names)| (role.as_str(), names.iter().map(String::as_str).collect())).collect()
    }

    /// What a role is, in words, where the configuration has any.
    pub fn description(&self, role: &str, language: &str) -> Option<&str> {
        let words = self.policy.role_descriptions.get(role)?.in_language(language);
        (!words.is_empty()).then_some(words)
    }

    /// Whether the configuration names this role. A role that it does not name gives nothing, and is given to nobody.
    pub fn is_role(&self, role: &str) -> bool {
        self.policy.roles.contains_key(role)
    }

    /// The first of `roles` that includes more than `held`.
    pub fn exceeding<'r>(&self, roles: &'r [String], held: &Entitlements) -> Option<&'r str> {
        let exceeds = |role: &&String| {
            self.policy.roles.get(*role).is_some_and(|permissions| !covers(held, permissions))
        };
        roles.iter().find(exceeds).map(String::as_str)
    }

    /// The roles that make someone an administrator of their organization.
    pub fn admin_roles(&self) -> AdminRoles {
        let admin = self.policy.roles.iter().filter(|(_, permissions)| permissions.contains(ADMINISTRATION));
        AdminRoles::new(admin.map(|(role, _)| role.clone()))
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

fn covers(held: &Entitlements, permissions: &BTreeSet<String>) -> bool {
    permissions.iter().all(|name| held.permissions().binary_search(name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> EntitlementService {
        let policy = serde_json::from_value(serde_json::json!({
            "roles": {
                "member": ["todos.read"], "auditor": ["todos.read", "audit.read"],
                "admin": ["todos.read", "org.admin"], "owner": ["todos.read", "org.admin", "billing.admin"],
            },
            "plans": { "small": ["todos.read", "org.admin"] }, "default_plan": "small",
        }));
        EntitlementService::new(policy.expect("a policy"))
    }

    fn names(service: &EntitlementService, roles: &[&str]) -> Vec<String> {
        let roles: Vec<String> = roles.iter().map(|&role| role.to_owned()).collect();
        let held = service.entitlements("acme", &roles);
        service.grantable(&held).into_iter().map(|(role, _)| role.to_owned()).collect()
    }

    #[test]
    fn nobody_gives_a_role_with_more_than_they_have_themselves() {
        let service = service();
        assert_eq!(names(&service, &["admin"]), ["admin", "member"]);
        // The plan leaves the owner no more than the administrator, but a larger one would.
        assert_eq!(names(&service, &["owner"]), ["admin", "member", "owner"]);
        assert_eq!(names(&service, &["auditor"]), ["auditor", "member"]);
        assert!(names(&service, &["unknown"]).is_empty(), "no role is implied");
        let held = service.entitlements("acme", &["admin".to_owned()]);
        let asked = ["member".to_owned(), "owner".to_owned()];
        assert_eq!(service.exceeding(&asked, &held), Some("owner"));
        assert!(!service.is_role("superadmin"));
    }

    #[test]
    fn whoever_has_the_permission_to_administer_is_an_administrator() {
        let admins = service().admin_roles();
        assert!(admins.include(&["owner".to_owned()]) && admins.include(&["admin".to_owned()]));
        assert!(!admins.include(&["auditor".to_owned(), "member".to_owned()]));
    }
}
