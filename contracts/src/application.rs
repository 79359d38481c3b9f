#[cfg(test)]
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entries;

/// A remote that a session may load, resolved to one version: an item of `GET /api/platform/applications`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// `@scope/name`.
    pub name: String,
    /// `scope.name`, used in paths.
    pub id: String,
    /// The resolved version (SemVer 2.0).
    pub version: String,
    /// What people call it.
    pub display_name: String,
    /// The team that answers for it.
    pub owner: String,
    /// The URL of the entry: a path on this portal or an absolute URL.
    pub entry: String,
    /// The entry's hash (Subresource Integrity), `sha384-…`.
    pub integrity: String,
    /// How the entry is mounted; `esm` is the native form.
    pub format: String,
    /// `shadow` (the default) or `none`.
    pub isolation: String,
    /// Pages it answers for.
    pub routes: Vec<ApplicationRoute>,
    /// Cards it offers to slots.
    pub cards: Vec<ApplicationCard>,
    /// Style sheets to adopt inside its root.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub styles: Vec<Style>,
    /// Further script URLs and their hashes, for the import map.
    #[serde(skip_serializing_if = "Vec::is_empty", default, with = "entries")]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub modules: Vec<(String, String)>,
    /// Whether the remote is in token mode: its context then carries audience-scoped access tokens.
    pub token_mode: bool,
    /// Event types this session may publish through it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub publishes: Vec<ApplicationEvent>,
    /// Event types this session may subscribe to through it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub subscribes: Vec<ApplicationEvent>,
    /// Origins of services that it calls past the portal, where the operator granted that.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub direct: Vec<String>,
    /// Feature flags for this session.
    #[serde(skip_serializing_if = "Vec::is_empty", default, with = "entries")]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, bool>"))]
    pub flags: Vec<(String, bool)>,
}

/// A page of a remote. The remote answers for `path` and everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ApplicationRoute {
    /// Absolute path in the portal, such as `/todos`.
    pub path: String,
    /// The page's title and the navigation entry's text.
    pub title: String,
    /// The export with the `mount` signature.
    pub mount: String,
    /// Where the navigation shows it; none keeps it out of the navigation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nav: Option<Nav>,
}

/// A navigation entry's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Nav {
    /// The section's heading.
    pub section: String,
    /// Ascending within the section.
    #[serde(default)]
    pub order: i32,
}

/// A card of a remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ApplicationCard {
    /// `home:top`, `home:left` or `home:right`.
    pub slot: String,
    /// The export with the `mount` signature.
    pub mount: String,
    /// The card's heading.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// The height that its skeleton reserves, in CSS pixels, so that nothing jumps when it arrives.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub height: Option<u32>,
}

/// A style sheet of a remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Style {
    /// Its URL.
    pub href: String,
    /// Its hash, `sha384-…`.
    pub integrity: String,
}

/// An event type a session may use through a remote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ApplicationEvent {
    /// The CloudEvent's `type`; contains a dot.
    #[serde(rename = "type")]
    pub kind: String,
}
