use http::{Method, Uri};
use portico_policy::{Decision, Principal};

/// What was decided about one call, for the audit log: subject, organization, action, resource, decision. Never a
/// query, a token or a body.
#[derive(Debug)]
pub struct Verdict<'a> {
    /// Who called; none without a session.
    pub principal: Option<&'a Principal>,
    /// The remote's id.
    pub remote: &'a str,
    /// The HTTP method.
    pub method: Method,
    /// The declared pattern that matched, if one did: bounded in number, so metrics may use it.
    pub pattern: Option<&'a str>,
    /// Allowed or not, and why.
    pub decision: Decision,
    pub(super) uri: Uri,
}

impl Verdict<'_> {
    /// The path as the caller sent it, `/bff/{remote}/…`.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The caller's `sub`, or `-`.
    pub fn subject(&self) -> &str {
        self.principal.map_or("-", |principal| &principal.subject)
    }

    /// The organization that the call acts for, or `-`.
    pub fn organization(&self) -> &str {
        self.principal.map_or("-", |principal| &principal.organization)
    }
}
