use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{CedarConfig, Entitlements, OpaConfig, PermissionError, Words, check_permission};

/// The `[policy]` section of the configuration: what roles and plans give, which plan an organization is on, and which
/// engine decides.
///
/// ```toml
/// [policy]
/// default_plan = "standard"            # for organizations not listed below; without it they are entitled to nothing
/// roles.member = ["todos.read"]
/// plans.standard = "all"               # or a list of permissions
/// organizations.acme = "standard"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Who decides, once roles and conditions allow it.
    pub engine: EngineKind,
    /// Where Cedar's policies are.
    pub cedar: CedarConfig,
    /// Where the Open Policy Agent is.
    pub opa: OpaConfig,
    /// The file that every decision is written to, for `portico policy check`; none is written otherwise.
    pub record: Option<PathBuf>,
    /// How many bytes the record may take, its older half included.
    pub record_bytes: u64,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            roles: BTreeMap::new(),
            role_descriptions: BTreeMap::new(),
            plans: BTreeMap::new(),
            organizations: BTreeMap::new(),
            default_plan: None,
            engine: EngineKind::Roles,
            cedar: CedarConfig::default(),
            opa: OpaConfig::default(),
            record: None,
            record_bytes: 64 * 1024 * 1024,
        }
    }
}

/// Who decides what roles and conditions have allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Nobody besides.
    #[default]
    Roles,
    /// Cedar policies, from files.
    Cedar,
    /// An Open Policy Agent, over its REST API.
    Opa,
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
    /// An engine lacks what it needs, or has something else.
    #[error("{key} {expected}")]
    Engine {
        /// The configuration key, such as `policy.cedar.policies`.
        key: &'static str,
        /// What is expected there.
        expected: &'static str,
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
        problems.extend(self.engine_problems());
        problems
    }

    /// Whether it says nothing of roles and plans: then development has those of the demo.
    pub fn has_no_roles(&self) -> bool {
        self.roles.is_empty()
            && self.role_descriptions.is_empty()
            && self.plans.is_empty()
            && self.organizations.is_empty()
            && self.default_plan.is_none()
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

    fn engine_problems(&self) -> impl Iterator<Item = PolicyConfigError> {
        let (is_cedar, is_opa) = (self.engine == EngineKind::Cedar, self.engine == EngineKind::Opa);
        let opa = &self.opa;
        let url = opa.url.as_deref().unwrap_or_default();
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        let is_path = |path: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'.');
            !path.is_empty() && !path.starts_with('/') && path.bytes().all(plain)
        };
        let checks = [
            (
                is_cedar && self.cedar.policies.is_none(),
                "policy.cedar.policies",
                "must name a file of Cedar policies, or a directory of them",
            ),
            (
                is_opa && (!is_http || url.ends_with('/')),
                "policy.opa.url",
                "must be a URL without a slash at the end, such as http://127.0.0.1:8181",
            ),
            (
                is_opa && !is_path(&opa.decision),
                "policy.opa.decision",
                "must be a path below /v1/data/, such as portico/decision",
            ),
            (
                is_opa && !is_path(&opa.decisions),
                "policy.opa.decisions",
                "must be a path below /v1/data/, such as portico/decisions",
            ),
            (is_opa && opa.timeout_ms == 0, "policy.opa.timeout_ms", "must be at least 1"),
            (self.record_bytes < 1024, "policy.record_bytes", "must be at least 1024"),
        ];
        let broken = checks.into_iter().filter(|(is_broken, ..)| *is_broken);
        broken.map(|(_, key, expected)| PolicyConfigError::Engine { key, expected })
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
