use std::collections::BTreeMap;

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The claims of an id_token that Portico reads beyond the standard ones. All optional: providers differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalClaims {
    /// The organization the tokens are for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_name: Option<String>,
    /// Every organization the person belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<OrganizationClaim>,
    /// Roles in `org_id`, where `organizations` is not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Keycloak's claim about organizations: of any shape, since it counts only where that is configured.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub organization: serde_json::Value,
    /// The provider's session id (Back-Channel Logout 1.0, section 2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Every other claim that is not a standard one. What of it is kept is the configuration's to say.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

impl PortalClaims {
    /// The texts of a claim: its own, or those of a list. Numbers and truth values as JSON writes them; objects, and lists
    /// of them, have none.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let texts = match self.others.get(name)? {
            Value::Array(items) => items.iter().map(text).collect::<Option<Vec<_>>>()?,
            single => vec![text(single)?],
        };
        (!texts.is_empty()).then_some(texts)
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl AdditionalClaims for PortalClaims {}

/// An item of the `organizations` claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationClaim {
    /// `org_id`.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Roles held there.
    #[serde(default)]
    pub roles: Vec<String>,
}
