use serde::{Deserialize, Serialize};

/// How the portal may keep the answers of a route (RFC 9111, RFC 5861). Whatever stands here, what the service marks
/// `no-store` is not kept. Times are in seconds, as in `Cache-Control`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteCache {
    /// Whom an answer may be given to besides the person it was made for.
    #[serde(default)]
    pub scope: CacheScope,
    /// How long an answer is fresh. Without it the service's `Cache-Control` says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_age_seconds: Option<u32>,
    /// How long after that it is still given, while a new one is fetched. Without it the service's directive counts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stale_while_revalidate_seconds: Option<u32>,
    /// How long after that it is given where the service fails. Without it the service's directive counts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stale_if_error_seconds: Option<u32>,
    /// How long the browser uses an answer without asking the portal; without it the browser asks each time, and is told
    /// that nothing has changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub browser_seconds: Option<u32>,
}

/// Whom a kept answer is for. Organization and permission set always count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CacheScope {
    /// The person who asked, and nobody else.
    #[default]
    Person,
    /// Everyone in the organization with the same permissions: for answers that do not depend on who asks.
    Organization,
}
