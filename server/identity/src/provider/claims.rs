use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};

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
