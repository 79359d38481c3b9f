use serde::{Deserialize, Serialize};

use super::{BackendView, RouteCache};

/// The service behind the portal that a remote's calls reach. What it asks for is bounded by the operator's grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backend {
    /// Where it is: `http` or `https`, without credentials, query or fragment.
    pub url: String,
    /// The audience of the token that the portal exchanges for it (RFC 8693).
    pub audience: String,
    /// The scopes of that token.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How long until its answer must begin, in milliseconds.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u32,
    /// How often an idempotent call is tried again when the connection fails.
    #[serde(default = "default_retries")]
    pub retries: u32,
    /// The calls that may be made. A call nobody declared is refused.
    #[serde(default)]
    pub routes: Vec<BackendRoute>,
    /// Several calls that the browser makes in one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<BackendView>,
    /// Whether the remote gets access tokens in the browser. Without it no token reaches the browser.
    #[serde(default)]
    pub token_mode: bool,
}

/// Calls that a remote may make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendRoute {
    /// With one of these methods.
    pub methods: Vec<Method>,
    /// To this path below `url`: literal segments, `*` or `{name}` for one segment, `**` at the end for any number.
    pub path: String,
    /// By people who hold all of these.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Where all of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<RouteCondition>,
    /// Protocols that the call may switch to, as `Upgrade` names them: `websocket`. The connection ends with its session.
    #[serde(default)]
    pub upgrades: Vec<String>,
    /// Whether people without a session may make the call too. Its answer is then the same for everyone: the service is
    /// told nothing of who asks. The operator must have granted it.
    #[serde(default)]
    pub public: bool,
    /// How long until its answer must begin, in milliseconds; the back end's `timeoutMs` otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
    /// How the portal may keep the answers to `GET`; nothing is kept without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<RouteCache>,
}

/// What must hold of a call besides permissions: that an attribute of it is a text, one of several, or the same as another
/// attribute. Exactly one of `equals`, `oneOf` and `equalsAttribute` is given. An attribute that is missing fits nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteCondition {
    /// `organization`, `subject`, `path.<parameter>`, `query.<parameter>` or `claims.<claim>`.
    pub attribute: String,
    /// It is this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// It is one of these texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<String>>,
    /// It is what this attribute is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals_attribute: Option<String>,
}

/// An HTTP method that a remote may use (RFC 9110, section 9.3; RFC 5789).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "each is the method of that name")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    /// As it goes over the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

fn default_timeout_ms() -> u32 {
    5_000
}

fn default_retries() -> u32 {
    2
}
