use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Entitlements, PermissionError, Words, check_permission};

/// The `[policy]` section of the configuration: what roles and plans give, and which plan an organization is on.
///
/// ```toml
/// [policy]
/// default_plan = "standard"            # for organizations not listed below; without it they are entitled to nothing
/// roles.member = ["todos.read"]
/// plans.standard = "all"               # or a list of permissions
/// organizations.acme = "standard"
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// Role -> the permissions it gives. A role that is not listed gives nothing.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// Role -> what it is, for whoever gives it. A role without one is described by its permissions.
    pub role_descriptions: BTreeMap<String, Words>,
    /// Plan -> the permissions it includes.
    pub plans: BTreeMap<String, PlanPermissions>,
    /// Organization (`org_id`) -> its plan.
    pub organizations: BTreeMap<String, String>,
    /// The plan of organizations that are not listed. Without it they are entitled to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_plan: Option<String>,
}

/// What a plan includes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a plan is \"all\" or a list of permissions such as [\"todos.read\"]")]
pub enum PlanPermissions {
    /// Every permission that a role gives, those of remotes still to come included.
    All(All),
    /// These permissions.
    Listed(BTreeSet<String>),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum All {
    /// `"all"`.
    All,
}

impl PlanPermissions {
    /// Whether the plan includes `permission`.
    pub fn includes(&self, permission: &str) -> bool {
        match self {
            Self::All(All::All) => true,
            Self::Listed(names) => names.contains(permission),
        }
    }
}

/// What is wrong with a policy configuration; names the key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyConfigError {
    /// A list names something that is no permission.
    #[error("{key}: {name:?} {source}")]
    Permission {
        /// The configuration key, such as `policy.roles.admin`.
        key: String,
        /// The text found there.
        name: String,
        /// What is wrong with it.
        source: PermissionError,
    },
    /// A role is described that does not exist.
    #[error("policy.role_descriptions.{role}: there is no role {role:?} in policy.roles")]
    UnknownRole {
        /// The role that is described.
        role: String,
    },
    /// An organization is on a plan that does not exist.
    #[error("{key}: there is no plan {plan:?}; plans are {known}")]
    UnknownPlan {
        /// The configuration key, such as `policy.organizations.acme`.
        key: String,
        /// The plan it names.
        plan: String,
        /// The plans there are.
        known: String,
    },
}

impl PolicyConfig {
    /// Checks every name; all that is wrong, in the order of the keys.
    pub fn problems(&self) -> Vec<PolicyConfigError> {
        let mut problems = Vec::new();
        for (role, names) in &self.roles {
            check_names(&format!("policy.roles.{role}"), names, &mut problems);
        }
        let described = self.role_descriptions.keys().filter(|role| !self.roles.contains_key(*role));
        problems.extend(described.map(|role| PolicyConfigError::UnknownRole { role: role.clone() }));
        for (plan, included) in &self.plans {
            if let PlanPermissions::Listed(names) = included {
                check_names(&format!("policy.plans.{plan}"), names, &mut problems);
            }
        }
        for (organization, plan) in &self.organizations {
            self.check_plan(format!("policy.organizations.{organization}"), plan, &mut problems);
        }
        if let Some(plan) = &self.default_plan {
            self.check_plan("policy.default_plan".to_owned(), plan, &mut problems);
        }
        problems
    }

    /// What `roles` add up to in `organization`. Roles and organizations that the configuration does not know give
    /// nothing.
    pub fn entitlements<'r>(
        &self,
        organization: &str,
        roles: impl IntoIterator<Item = &'r str>,
    ) -> Entitlements {
        let permissions =
            roles.into_iter().filter_map(|role| self.roles.get(role)).flatten().cloned().collect();
        let plan = self
            .organizations
            .get(organization)
            .or(self.default_plan.as_ref())
            .and_then(|name| self.plans.get(name));
        Entitlements::new(permissions, |name| plan.is_some_and(|plan| plan.includes(name)))
    }

    fn check_plan(&self, key: String, plan: &str, problems: &mut Vec<PolicyConfigError>) {
        if !self.plans.contains_key(plan) {
            let known = self.plans.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            problems.push(PolicyConfigError::UnknownPlan { key, plan: plan.to_owned(), known });
        }
    }
}

fn check_names(key: &str, names: &BTreeSet<String>, problems: &mut Vec<PolicyConfigError>) {
    problems.extend(names.iter().filter_map(|name| {
        let source = check_permission(name).err()?;
        Some(PolicyConfigError::Permission { key: key.to_owned(), name: name.clone(), source })
    }));
}
