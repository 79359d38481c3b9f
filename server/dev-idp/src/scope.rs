use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scope values (RFC 6749, section 3.3), written in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Scope(BTreeSet<String>);

impl Scope {
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.split(' ').filter(|value| !value.is_empty()).map(str::to_owned).collect())
    }

    pub(crate) fn of(values: &[String]) -> Self {
        Self(values.iter().cloned().collect())
    }

    pub(crate) fn contains(&self, value: &str) -> bool {
        self.0.contains(value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_within(&self, wider: &Scope) -> bool {
        self.0.is_subset(&wider.0)
    }

    /// What of this scope a login can grant; values it does not know are ignored (RFC 6749, section 3.3).
    pub(crate) fn for_login(&self) -> Self {
        Self(self.0.iter().filter(|value| LOGIN_SCOPES.contains(&value.as_str())).cloned().collect())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.iter().map(String::as_str).collect::<Vec<_>>().join(" "))
    }
}

/// The scopes of a login (OpenID Connect Core 1.0, sections 5.4 and 11).
pub(crate) const LOGIN_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];
