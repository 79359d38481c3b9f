use async_trait::async_trait;

use crate::{Decision, PolicyEngine, Query};

/// The default engine: all permissions that the resource's declaration names must be among the principal's
/// entitlements. Something public needs no principal.
#[derive(Clone, Copy, Debug, Default)]
pub struct RolePolicy;

impl RolePolicy {
    /// The decision, for callers that cannot wait: it needs nothing but its arguments.
    pub fn decide_now(query: &Query<'_>) -> Decision {
        if query.public {
            return Decision::allow("the resource is declared public");
        }
        let Some(principal) = query.principal else {
            return Decision::sign_in();
        };
        if principal.entitlements.contains_all(query.required) {
            return Decision::allow("the entitlements cover what is required");
        }
        Decision::missing(principal.entitlements.missing(query.required))
    }
}

#[async_trait]
impl PolicyEngine for RolePolicy {
    async fn decide(&self, query: &Query<'_>) -> Decision {
        Self::decide_now(query)
    }
}
