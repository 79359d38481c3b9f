use std::fmt;
use std::str::FromStr;

use portico_contracts::manifest::REMOTE_NAME;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Which remotes a key or a grant is for: `@scope/name`, `@scope/*` or `*`. They order from the most to the least
/// specific.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum NamePattern {
    /// One remote: `@scope/name`.
    Exact(String),
    /// Every remote of a scope: `@scope/*`.
    Scope(String),
    /// Every remote: `*`.
    Any,
}

/// The text is not a pattern of remotes' names.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected `@scope/name`, `@scope/*` or `*`, found {0:?}")]
pub struct NamePatternError(String);

impl NamePattern {
    /// Whether the remote called `name` is meant.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Scope(scope) => scope_of(name) == Some(scope),
            Self::Any => true,
        }
    }
}

/// The `@scope` of a name.
pub(crate) fn scope_of(name: &str) -> Option<&str> {
    name.split_once('/').map(|(scope, _)| scope)
}

impl FromStr for NamePattern {
    type Err = NamePatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let is_name = |name: &str| (REMOTE_NAME.holds)(name);
        match text.strip_suffix("/*") {
            Some(scope) if is_name(&format!("{scope}/any")) => Ok(Self::Scope(scope.to_owned())),
            None if is_name(text) => Ok(Self::Exact(text.to_owned())),
            _ => Err(NamePatternError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for NamePattern {
    type Error = NamePatternError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<NamePattern> for String {
    fn from(pattern: NamePattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Scope(scope) => write!(f, "{scope}/*"),
            Self::Any => f.write_str("*"),
        }
    }
}
