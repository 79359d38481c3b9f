use std::fmt;

use portico_ports::{Random, token};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::person::kept;
use crate::{EmailAddress, Member, Person, PersonId, Source, member_id};

/// Someone is asked to become a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Unguessable, but no credential: the token is.
    pub id: String,
    /// Into which organization.
    pub org_id: String,
    /// What people call it.
    pub org_name: String,
    /// Whose address it must be.
    pub email: EmailAddress,
    /// The roles it gives.
    pub roles: Vec<String>,
    /// Who asks.
    pub inviter: Inviter,
    /// The digest of the link's token. The token itself is kept nowhere.
    pub token: TokenHash,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// From when on it counts no more.
    pub expires_at: OffsetDateTime,
    /// When its link was handed to the mail server, or shown.
    pub delivered_at: Option<OffsetDateTime>,
    /// When it was accepted.
    pub accepted_at: Option<OffsetDateTime>,
    /// When it was revoked, or another one took its place.
    pub revoked_at: Option<OffsetDateTime>,
}

/// Who invites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inviter {
    /// Who.
    pub person: PersonId,
    /// The name that the invited person reads.
    pub name: String,
}

/// Whether an invitation can be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// It can.
    Open,
    /// It was, once.
    Accepted,
    /// It was taken back or replaced.
    Revoked,
    /// Its time is over.
    Expired,
}

impl Invitation {
    /// What can be done with it at `now`.
    pub fn state(&self, now: OffsetDateTime) -> InvitationState {
        if self.accepted_at.is_some() {
            InvitationState::Accepted
        } else if self.revoked_at.is_some() {
            InvitationState::Revoked
        } else if self.expires_at <= now {
            InvitationState::Expired
        } else {
            InvitationState::Open
        }
    }

    /// The membership that comes of accepting it. Who is a member already keeps their roles and gets these besides,
    /// and the portal keeps the membership from now on; who was removed begins anew.
    pub fn welcome(&self, before: Option<&Member>, person: &Person, now: OffsetDateTime) -> Member {
        let before = before.filter(|member| member.is_active());
        let mut roles = before.map(|member| member.roles.clone()).unwrap_or_default();
        roles.extend(self.roles.iter().filter(|role| !roles.contains(role)).cloned().collect::<Vec<_>>());
        Member {
            id: member_id(&self.org_id, &person.id),
            org_id: self.org_id.clone(),
            org_name: self.org_name.clone(),
            person: person.id.clone(),
            name: kept(&person.name),
            email: person.email.as_deref().map(kept),
            roles,
            source: Source::Portal,
            keeps_roles: true,
            joined_at: before.map_or(now, |member| member.joined_at),
            removed_at: None,
        }
    }
}

/// A new invitation's id.
pub fn new_invitation_id(random: &dyn Random) -> String {
    token::<16>(random)
}

/// What an invitation's link carries: 256 random bits. Whoever has it, and the invitation's address, may accept.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationToken(String);

impl InvitationToken {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        Self(token::<32>(random))
    }

    /// One from a link; whether it is any invitation's, the directory knows.
    pub fn from_link(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text that goes into the link, and nowhere else.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// What is kept of it. The token is random, so a plain digest cannot be searched for.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(&self.0).into())
    }
}

impl fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationToken")
    }
}

/// SHA-256 of an [`InvitationToken`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);
