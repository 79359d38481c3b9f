use std::collections::BTreeMap;

use async_trait::async_trait;
use parking_lot::Mutex;
use time::OffsetDateTime;

use crate::{
    AcceptError, AdminRoles, Change, ChangeError, Claims, Directory, DirectoryError, Invitation,
    InvitationState, Member, Person, TokenHash, changes, member_id,
};

/// A directory in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryDirectory(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    members: BTreeMap<String, Member>,
    invitations: Vec<Invitation>,
}

impl Kept {
    fn of(&self, wanted: impl Fn(&Member) -> bool) -> Vec<Member> {
        let mut found: Vec<_> = self.members.values().filter(|member| wanted(member)).cloned().collect();
        found.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        found
    }

    fn changing(
        &mut self,
        org_id: &str,
        id: &str,
        roles: Option<&[String]>,
        admins: &AdminRoles,
    ) -> Result<&mut Member, ChangeError> {
        let members = self.of(|member| member.org_id == org_id && member.is_active());
        if admins.would_be_none(&members, id, roles) {
            return Err(ChangeError::LastAdmin);
        }
        let member = self.members.get_mut(id).filter(|member| member.org_id == org_id && member.is_active());
        member.ok_or(ChangeError::NotFound)
    }
}

#[async_trait]
impl Directory for MemoryDirectory {
    async fn record(
        &self,
        person: &Person,
        claims: &Claims,
        now: OffsetDateTime,
    ) -> Result<Vec<Member>, DirectoryError> {
        let mut kept = self.0.lock();
        let known = kept.of(|member| member.person == person.id);
        for change in changes(&known, person, claims, now) {
            match change {
                Change::Put(member) => kept.members.insert(member.id.clone(), member),
                Change::Drop(member) => kept.members.remove(&member.id),
            };
        }
        Ok(kept.of(|member| member.person == person.id))
    }

    async fn members(&self, org_id: &str) -> Result<Vec<Member>, DirectoryError> {
        Ok(self.0.lock().of(|member| member.org_id == org_id && member.is_active()))
    }

    async fn member(&self, org_id: &str, id: &str) -> Result<Option<Member>, DirectoryError> {
        let kept = self.0.lock();
        Ok(kept.members.get(id).filter(|m| m.org_id == org_id && m.is_active()).cloned())
    }

    async fn kept_memberships(&self, issuer: &str) -> Result<Vec<Member>, DirectoryError> {
        let own = |m: &Member| m.person.issuer == issuer && m.is_active() && m.keeps_roles;
        Ok(self.0.lock().of(own))
    }

    async fn set_roles(
        &self,
        org_id: &str,
        id: &str,
        roles: &[String],
        admins: &AdminRoles,
    ) -> Result<Member, ChangeError> {
        let mut kept = self.0.lock();
        let member = kept.changing(org_id, id, Some(roles), admins)?;
        let before = member.clone();
        (member.roles, member.keeps_roles) = (roles.to_vec(), true);
        Ok(before)
    }

    async fn remove(
        &self,
        org_id: &str,
        id: &str,
        admins: &AdminRoles,
        now: OffsetDateTime,
    ) -> Result<Member, ChangeError> {
        let mut kept = self.0.lock();
        let member = kept.changing(org_id, id, None, admins)?;
        let before = member.clone();
        member.removed_at = Some(now);
        Ok(before)
    }

    async fn invite(&self, invitation: &Invitation) -> Result<(), DirectoryError> {
        let mut kept = self.0.lock();
        for before in &mut kept.invitations {
            let same = before.org_id == invitation.org_id && before.email == invitation.email;
            if same && before.accepted_at.is_none() && before.revoked_at.is_none() {
                before.revoked_at = Some(invitation.created_at);
            }
        }
        kept.invitations.push(invitation.clone());
        Ok(())
    }

    async fn invitations(
        &self,
        org_id: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<Invitation>, DirectoryError> {
        let kept = self.0.lock();
        let open = |i: &&Invitation| i.org_id == org_id && i.state(now) == InvitationState::Open;
        let mut found: Vec<_> = kept.invitations.iter().filter(open).cloned().collect();
        found.sort_by(|a, b| (b.created_at, &a.id).cmp(&(a.created_at, &b.id)));
        Ok(found)
    }

    async fn invitation(&self, org_id: &str, id: &str) -> Result<Option<Invitation>, DirectoryError> {
        let kept = self.0.lock();
        Ok(kept.invitations.iter().find(|i| i.org_id == org_id && i.id == id).cloned())
    }

    async fn invitation_by_token(&self, token: &TokenHash) -> Result<Option<Invitation>, DirectoryError> {
        Ok(self.0.lock().invitations.iter().find(|i| i.token == *token).cloned())
    }

    async fn delivered(&self, org_id: &str, id: &str, now: OffsetDateTime) -> Result<(), DirectoryError> {
        let mut kept = self.0.lock();
        if let Some(found) = kept.invitations.iter_mut().find(|i| i.org_id == org_id && i.id == id) {
            found.delivered_at = Some(now);
        }
        Ok(())
    }

    async fn revoke(&self, org_id: &str, id: &str, now: OffsetDateTime) -> Result<bool, DirectoryError> {
        let mut kept = self.0.lock();
        let open =
            |i: &&mut Invitation| i.org_id == org_id && i.id == id && i.state(now) == InvitationState::Open;
        let found = kept.invitations.iter_mut().find(open);
        Ok(found.map(|invitation| invitation.revoked_at = Some(now)).is_some())
    }

    async fn redeem(
        &self,
        token: &TokenHash,
        person: &Person,
        now: OffsetDateTime,
    ) -> Result<Member, AcceptError> {
        let mut kept = self.0.lock();
        let found = kept.invitations.iter_mut().find(|i| i.token == *token).ok_or(AcceptError::Unknown)?;
        match found.state(now) {
            InvitationState::Open => found.accepted_at = Some(now),
            over => return Err(AcceptError::Over(over)),
        }
        let invitation = found.clone();
        let id = member_id(&invitation.org_id, &person.id);
        let member = invitation.welcome(kept.members.get(&id), person, now);
        kept.members.insert(id, member.clone());
        Ok(member)
    }
}
