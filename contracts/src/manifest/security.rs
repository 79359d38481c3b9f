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
    /// Origins that it exchanges messages with.
    #[serde(default)]
    pub trusted_domains: Vec<String>,
}
