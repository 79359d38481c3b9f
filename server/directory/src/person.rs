use crate::EmailAddress;

/// Who someone is, wherever they sign in from: the same `sub` from two issuers is two people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId {
    /// The issuer that vouches for `sub`.
    pub issuer: String,
    /// The subject at that issuer.
    pub sub: String,
}

/// A person as the provider's claims describe them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// Display name.
    pub name: String,
    /// The address, where the provider gave one.
    pub email: Option<String>,
    /// The `email_verified` claim (OpenID Connect Core 1.0, section 5.1); none where the provider says nothing of it.
    pub email_verified: Option<bool>,
}

impl Person {
    /// Whether `address` is theirs: the same address in any case, and not one that the provider calls unverified.
    pub fn owns(&self, address: &EmailAddress) -> bool {
        self.email_verified != Some(false) && self.email.as_deref().is_some_and(|own| address.is(own))
    }
}

/// Text from a claim as a database can keep it: bounded, and without NUL, which PostgreSQL has no place for.
pub(crate) fn kept(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().filter(|c| *c != '\0').take(LONGEST).collect()
}
