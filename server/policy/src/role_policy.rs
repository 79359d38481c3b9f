use async_trait::async_trait;

use crate::{Action, Basis, Decision, PolicyEngine, Query};

/// The default engine: all permissions that the resource's declaration names must be among the principal's
/// entitlements, and all its conditions must hold. Something public needs no principal and no permission.
#[derive(Clone, Copy, Debug, Default)]
pub struct RolePolicy;

impl RolePolicy {
    /// The decision, where nobody else is to be asked: what is declared refuses, or it is the person's own.
    pub(crate) fn settle(query: &Query<'_>) -> Option<Decision> {
        let declared = Self::decide(query);
        (!declared.is_allowed() || query.action == Action::Own).then_some(declared)
    }

    /// The decision. It needs nothing but its arguments, and allocates nothing where it allows.
    pub fn decide(query: &Query<'_>) -> Decision {
        let reason = match (query.public, query.principal) {
            (true, _) => "the resource is declared public",
            (false, None) => return Decision::sign_in(),
            (false, Some(principal)) if !principal.entitlements.contains_all(query.required) => {
                return Decision::missing(principal.entitlements.missing(query.required));
            }
            (false, Some(_)) => "the entitlements cover what is required",
        };
        match query.conditions.iter().find(|condition| !condition.holds(query)) {
            Some(broken) => Decision::deny(format!("the condition does not hold that {broken}")),
            None => Decision::allow(reason),
        }
    }
}

#[async_trait]
impl PolicyEngine for RolePolicy {
    fn decide_now(&self, query: &Query<'_>) -> Option<Decision> {
        Some(Self::decide(query))
    }

    fn basis(&self) -> Basis {
        Basis::Entitlements
    }
}
