use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Entitlements;
use crate::cedar::PersonEntity;
use crate::kept::Kept;

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
    /// Claims about the person that the configuration keeps.
    pub claims: Claims,
    /// What Cedar is told of all this: making it takes most of a decision's time, and a session asks many. Nobody changes the fields
    /// after that: what does takes the value itself and begins anew.
    pub(crate) entity: Kept<PersonEntity>,
}

/// Claims by name; each has one text or several. A clone is a counter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims(Option<Arc<BTreeMap<String, Vec<String>>>>);

impl Claims {
    /// These claims, shared with whoever keeps them.
    pub fn new(claims: Option<Arc<BTreeMap<String, Vec<String>>>>) -> Self {
        Self(claims)
    }

    /// The values of a claim; none where the person has no such claim.
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.as_ref()?.get(name).map(Vec::as_slice)
    }

    /// Every claim with its values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0
            .iter()
            .flat_map(|claims| claims.iter())
            .map(|(name, values)| (name.as_str(), values.as_slice()))
    }
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
            claims: Claims::default(),
            entity: Kept::default(),
        }
    }

    /// The same principal with these roles, and with the entitlements that came of them.
    #[must_use]
    pub fn with_roles(mut self, mut roles: Vec<String>, entitlements: Entitlements) -> Self {
        roles.sort_unstable();
        roles.dedup();
        self.roles = roles;
        self.entitlements = entitlements;
        self.entity = Kept::default();
        self
    }

    /// The same principal with these claims.
    #[must_use]
    pub fn with_claims(mut self, claims: Claims) -> Self {
        self.claims = claims;
        self.entity = Kept::default();
        self
    }
}
