use std::fmt;

use super::Scope;
use crate::session::SessionId;

/// Whose token it is and what for. Two keys that differ in anything never share a token (case 37).
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKey {
    /// Whose.
    pub holder: Holder,
    /// The organization that the holder acts for; empty where it is none.
    pub organization: String,
    /// The upstream, from a granted manifest.
    pub audience: String,
    /// The upstream's address, where the provider wants it too (RFC 8707).
    pub resource: Option<String>,
    /// What it may be used for, from a granted manifest.
    pub scope: Scope,
}

/// A key that is only looked for: it borrows what a stored one owns.
#[derive(Clone, Copy)]
pub struct TokenKeyRef<'a> {
    /// As in [`TokenKey`].
    pub holder: Holder,
    /// As in [`TokenKey`].
    pub organization: &'a str,
    /// As in [`TokenKey`].
    pub audience: &'a str,
    /// The values of the scope, in any order, each once. A list that names one twice finds nothing.
    pub scope: &'a [String],
}

impl TokenKeyRef<'_> {
    /// Whether it means `key`.
    pub(super) fn means(&self, key: &TokenKey) -> bool {
        self.holder == key.holder
            && key.resource.is_none()
            && self.organization == key.organization
            && self.audience == key.audience
            && key.scope.is(self.scope)
    }

    /// The key to store.
    pub fn to_key(&self) -> TokenKey {
        TokenKey {
            holder: self.holder,
            organization: self.organization.to_owned(),
            audience: self.audience.to_owned(),
            resource: None,
            scope: self.scope.iter().map(String::as_str).collect(),
        }
    }
}

/// Who uses a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// One session; the token goes when the session ends.
    Session(SessionId),
    /// The portal, for everyone in the organization: GitHub App tokens, and calls of its own.
    Portal,
}

impl fmt::Debug for Holder {
    /// The session's id is a credential, so it is not shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Session(_) => "Session(redacted)",
            Self::Portal => "Portal",
        })
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenKey")
            .field("holder", &self.holder)
            .field("organization", &self.organization)
            .field("audience", &self.audience)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
