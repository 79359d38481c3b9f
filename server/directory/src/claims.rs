use time::OffsetDateTime;

use crate::person::kept;
use crate::{Member, Person, Source, member_id};

/// An organization someone belongs to, with the roles held there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belonging {
    /// `org_id`.
    pub org_id: String,
    /// What people call it.
    pub name: String,
    /// Role names.
    pub roles: Vec<String>,
}

/// What a provider's claims say of the organizations of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The organizations named.
    pub organizations: Vec<Belonging>,
    /// Whether these are all of them. Providers that name only the organization of the login say nothing of others.
    pub complete: bool,
}

/// What recording claims changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// This membership is new, or its name, address or roles are. What the portal decided in the meantime stays.
    Put(Member),
    /// The provider does not name this one any more.
    Drop(Member),
}

/// What must change in the `known` memberships of a person, removed ones included, once `claims` came.
pub fn changes(known: &[Member], person: &Person, claims: &Claims, now: OffsetDateTime) -> Vec<Change> {
    let mut changes = Vec::new();
    for claimed in claims.organizations.iter().filter(|claimed| !claimed.org_id.is_empty()) {
        let before = known.iter().find(|member| member.org_id == claimed.org_id);
        let after = before.cloned().unwrap_or_else(|| joined(person, claimed, now));
        let roles = if after.keeps_roles { after.roles.clone() } else { claimed.roles.clone() };
        let after = Member { org_name: kept(&claimed.name), roles, ..described(after, person) };
        if before != Some(&after) {
            changes.push(Change::Put(after));
        }
    }
    let is_claimed = |member: &Member| claims.organizations.iter().any(|c| c.org_id == member.org_id);
    for member in known.iter().filter(|member| !is_claimed(member)) {
        if claims.complete && member.source == Source::Provider && member.is_active() {
            changes.push(Change::Drop(member.clone()));
            continue;
        }
        let after = described(member.clone(), person);
        if after != *member {
            changes.push(Change::Put(after));
        }
    }
    changes
}

/// The organizations of a session: those that the claims name, without those the person was removed from, and those that
/// the portal keeps itself. `members` are the person's memberships after [`changes`] were made.
pub fn resolve(members: &[Member], claims: &Claims) -> Vec<Belonging> {
    let belonging = |member: &Member| Belonging {
        org_id: member.org_id.clone(),
        name: member.org_name.clone(),
        roles: member.roles.clone(),
    };
    let of = |claimed: &Belonging| members.iter().find(|member| member.org_id == claimed.org_id);
    let claimed = claims.organizations.iter().filter_map(of).filter(|member| member.is_active());
    let mut all: Vec<Belonging> = Vec::new();
    let own = members.iter().filter(|member| member.is_active() && member.source == Source::Portal);
    for member in claimed.chain(own) {
        if !all.iter().any(|other| other.org_id == member.org_id) {
            all.push(belonging(member));
        }
    }
    all
}

fn joined(person: &Person, claimed: &Belonging, now: OffsetDateTime) -> Member {
    Member {
        id: member_id(&claimed.org_id, &person.id),
        org_id: claimed.org_id.clone(),
        org_name: String::new(),
        person: person.id.clone(),
        name: String::new(),
        email: None,
        roles: Vec::new(),
        source: Source::Provider,
        keeps_roles: false,
        joined_at: now,
        removed_at: None,
    }
}

fn described(member: Member, person: &Person) -> Member {
    Member { name: kept(&person.name), email: person.email.as_deref().map(kept), ..member }
}
