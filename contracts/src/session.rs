use serde::{Deserialize, Serialize};

/// An organization (tenant) that a person belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Organization {
    /// The `org_id` claim: stable, opaque, used in keys and headers.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// What the browser may know of a session: the answer of `GET /api/platform/session`. Never a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The subject at the issuer (OpenID Connect Core, section 5.1).
    pub sub: String,
    /// The person's display name.
    pub name: String,
    /// The person's e-mail address, where the provider gave one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// The organization this session acts for.
    pub org_id: String,
    /// Every organization the person may switch to, this one included.
    pub organizations: Vec<Organization>,
    /// What the person's roles give, sorted.
    pub permissions: Vec<String>,
    /// `permissions` that the organization's plan includes, sorted; all authorisation uses these.
    pub entitlements: Vec<String>,
    /// When the session ends whatever happens: RFC 3339, absolute.
    pub expires_at: String,
}
