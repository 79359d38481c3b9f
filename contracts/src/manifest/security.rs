use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The directives that a manifest may extend. None of them lets script run in the page.
pub const CSP_DIRECTIVES: [&str; 5] = ["img-src", "font-src", "media-src", "connect-src", "frame-src"];

/// Directive to origins, such as `img-src` to `https://images.example`.
pub type Csp = BTreeMap<String, Vec<String>>;

/// What a remote asks the browser to allow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Security {
    /// Origins to add to `img-src`, `font-src`, `media-src`, `connect-src` and `frame-src`: no keywords, no wildcards.
    #[serde(default)]
    pub csp: Csp,
    /// Services of others that the browser calls itself, past the portal: every exception says why.
    #[serde(default)]
    pub direct: Vec<DirectOrigin>,
    /// Origins that it exchanges messages with.
    #[serde(default)]
    pub trusted_domains: Vec<String>,
}

/// A service that the browser calls by itself. No token, no policy, no limit and no audit line of the portal's covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectOrigin {
    /// Where it is: it is added to `connect-src` of pages that load this remote.
    pub origin: String,
    /// Why it cannot go through the portal, for those who review it.
    pub reason: String,
}
