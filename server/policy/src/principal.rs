use crate::Entitlements;

/// The person (or client) a request acts for, as a verified token and the organization's membership describe them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Principal {
    /// The `iss` of the provider that vouches for the subject: the same `sub` from two issuers is two people.
    pub issuer: String,
    /// The `sub` at that issuer.
    pub subject: String,
    /// The organization (`org_id`) the session acts for.
    pub organization: String,
    /// Roles in that organization, sorted.
    pub roles: Vec<String>,
    /// What those roles and the organization's plan add up to.
    pub entitlements: Entitlements,
}

impl Principal {
    /// A principal without roles and entitlements.
    pub fn new(
        issuer: impl Into<String>,
        subject: impl Into<String>,
        organization: impl Into<String>,
    ) -> Self {
        Self {
            issuer: issuer.into(),
            subject: subject.into(),
            organization: organization.into(),
            roles: Vec::new(),
            entitlements: Entitlements::none(),
        }
    }

    /// The same principal with these roles, and with the entitlements that came of them.
    #[must_use]
    pub fn with_roles(mut self, mut roles: Vec<String>, entitlements: Entitlements) -> Self {
        roles.sort_unstable();
        roles.dedup();
        self.roles = roles;
        self.entitlements = entitlements;
        self
    }
}
