use async_trait::async_trait;
use thiserror::Error;
use time::OffsetDateTime;

use crate::{AcceptError, AdminRoles, Claims, Invitation, Member, Person, TokenHash};

/// The store did not do what was asked; nothing was changed.
#[derive(Debug, Error)]
#[error("the directory failed: {0}")]
pub struct DirectoryError(pub String);

/// Why a member was not changed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The organization has no such member.
    #[error("there is no such member")]
    NotFound,
    /// Nobody would be left to administer the organization.
    #[error("an organization keeps at least one administrator")]
    LastAdmin,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] DirectoryError),
}

/// Members and invitations of every organization. Each method is one step: it happens as a whole or not at all, also
/// where several instances do it at once. Times are kept to the second.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// Records what a login or a refresh brought, by the rules of [`crate::changes`]. Returns every membership of the
    /// person, removed ones included.
    async fn record(
        &self,
        person: &Person,
        claims: &Claims,
        now: OffsetDateTime,
    ) -> Result<Vec<Member>, DirectoryError>;

    /// The members of an organization, by name.
    async fn members(&self, org_id: &str) -> Result<Vec<Member>, DirectoryError>;

    /// One member of an organization.
    async fn member(&self, org_id: &str, id: &str) -> Result<Option<Member>, DirectoryError>;

    /// Every membership of people of one issuer whose roles the portal decided: by an invitation, or by a change.
    async fn kept_memberships(&self, issuer: &str) -> Result<Vec<Member>, DirectoryError>;

    /// Gives a member these roles, which the provider's claims do not change any more. Returns the member as it was.
    async fn set_roles(
        &self,
        org_id: &str,
        id: &str,
        roles: &[String],
        admins: &AdminRoles,
    ) -> Result<Member, ChangeError>;

    /// Removes a member, until they are invited again. Returns the member as it was.
    async fn remove(
        &self,
        org_id: &str,
        id: &str,
        admins: &AdminRoles,
        now: OffsetDateTime,
    ) -> Result<Member, ChangeError>;

    /// Keeps a new invitation; one that was open for the same address in the same organization is over.
    async fn invite(&self, invitation: &Invitation) -> Result<(), DirectoryError>;

    /// The open invitations of an organization, newest first.
    async fn invitations(&self, org_id: &str, now: OffsetDateTime)
    -> Result<Vec<Invitation>, DirectoryError>;

    /// One invitation of an organization, whatever became of it.
    async fn invitation(&self, org_id: &str, id: &str) -> Result<Option<Invitation>, DirectoryError>;

    /// The invitation behind a link, whatever became of it.
    async fn invitation_by_token(&self, token: &TokenHash) -> Result<Option<Invitation>, DirectoryError>;

    /// Notes that an invitation's link is on its way.
    async fn delivered(&self, org_id: &str, id: &str, now: OffsetDateTime) -> Result<(), DirectoryError>;

    /// Revokes an open invitation. False where none of this organization is open under this id.
    async fn revoke(&self, org_id: &str, id: &str, now: OffsetDateTime) -> Result<bool, DirectoryError>;

    /// Accepts an open invitation for `person`, once: of several who try at the same time one succeeds. Whether it is
    /// theirs, [`crate::accept`] checks. An active member keeps their roles and gets the invitation's besides.
    async fn redeem(
        &self,
        token: &TokenHash,
        person: &Person,
        now: OffsetDateTime,
    ) -> Result<Member, AcceptError>;
}
