use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::PersonId;

/// How someone became a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The identity provider's claims name the membership.
    Provider,
    /// They accepted an invitation: the portal keeps the membership itself.
    Portal,
}

impl Source {
    /// The word it is kept by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Portal => "portal",
        }
    }
}

/// A person's part in one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// [`member_id`] of organization and person: safe in a form, and no more than a name.
    pub id: String,
    /// The organization.
    pub org_id: String,
    /// What people call it.
    pub org_name: String,
    /// Who.
    pub person: PersonId,
    /// Display name, as the provider last gave it.
    pub name: String,
    /// E-mail address, as the provider last gave it.
    pub email: Option<String>,
    /// The roles held.
    pub roles: Vec<String>,
    /// How they became a member.
    pub source: Source,
    /// Whether the portal decided the roles; then the provider's claims do not change them any more.
    pub keeps_roles: bool,
    /// When they became a member or, for those whom the provider names, when that was first seen.
    pub joined_at: OffsetDateTime,
    /// When an administrator removed them.
    pub removed_at: Option<OffsetDateTime>,
}

impl Member {
    /// Whether they still belong to the organization.
    pub fn is_active(&self) -> bool {
        self.removed_at.is_none()
    }
}

/// The id of a person's membership: a digest, so that it can be named without telling the subject.
pub fn member_id(org_id: &str, person: &PersonId) -> String {
    let mut hash = Sha256::new();
    for part in [org_id, &person.issuer, &person.sub] {
        // Lengths keep ("ab", "c") apart from ("a", "bc").
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..16])
}

/// The roles that make someone an administrator of their organization, by configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminRoles(Vec<String>);

impl AdminRoles {
    /// These roles.
    pub fn new(roles: impl IntoIterator<Item = String>) -> Self {
        Self(roles.into_iter().collect())
    }

    /// Whether someone with `roles` is one.
    pub fn include(&self, roles: &[String]) -> bool {
        roles.iter().any(|role| self.0.contains(role))
    }

    /// Whether `members` would have no administrator left if `id` had `roles`, or left with none.
    pub fn would_be_none(&self, members: &[Member], id: &str, roles: Option<&[String]>) -> bool {
        let is_admin = |member: &Member| member.is_active() && self.include(&member.roles);
        let loses = members.iter().any(|member| member.id == id && is_admin(member))
            && !roles.is_some_and(|roles| self.include(roles));
        loses && !members.iter().any(|member| member.id != id && is_admin(member))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_53_an_id_depends_on_issuer_subject_and_organization() {
        let person = |issuer: &str, sub: &str| PersonId { issuer: issuer.into(), sub: sub.into() };
        let ids = [
            member_id("acme", &person("https://a", "1")),
            member_id("acme", &person("https://b", "1")),
            member_id("globex", &person("https://a", "1")),
            member_id("acm", &person("ehttps://a", "1")),
        ];
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id), "{ids:?}");
        }
    }
}
