//! The directory on SQLite or PostgreSQL: one set of statements that both understand.

mod invitations;
mod members;
mod rows;
mod schema;

use async_trait::async_trait;
use portico_directory::{
    AcceptError, AdminRoles, ChangeError, Claims, Directory, DirectoryError, Invitation, Member, Person,
    TokenHash,
};
use time::OffsetDateTime;

use super::Database;

pub(super) use schema::{POSTGRES, SQLITE};

/// Members and invitations in the relational store.
#[derive(Clone, Debug)]
pub struct DatabaseDirectory {
    database: Database,
}

impl DatabaseDirectory {
    /// Over an open database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

/// Runs the same code on whichever pool there is. The types of the two differ, the statements do not.
macro_rules! on {
    ($database:expr, $pool:ident => $body:expr) => {
        match $database {
            $crate::storage::Database::Sqlite($pool) => $body,
            $crate::storage::Database::Postgres($pool) => $body,
        }
    };
}

/// Takes the lock of an organization for a transaction: whatever depends on who its members are is done one after the
/// other. In SQLite this is what begins writing, so that no transaction reads before it waits.
macro_rules! lock_organization {
    ($transaction:expr, $org_id:expr) => {
        sqlx::query(
            "INSERT INTO organizations (org_id, name) VALUES ($1, $1)
             ON CONFLICT (org_id) DO UPDATE SET name = organizations.name",
        )
        .bind($org_id)
        .execute(&mut *$transaction)
        .await
        .map_err($crate::storage::directory::failed)?
    };
}

use {lock_organization, on};

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn failed(error: sqlx::Error) -> DirectoryError {
    DirectoryError(error.to_string())
}

#[async_trait]
impl Directory for DatabaseDirectory {
    async fn record(
        &self,
        person: &Person,
        claims: &Claims,
        now: OffsetDateTime,
    ) -> Result<Vec<Member>, DirectoryError> {
        members::record(&self.database, person, claims, now).await
    }

    async fn members(&self, org_id: &str) -> Result<Vec<Member>, DirectoryError> {
        members::of_organization(&self.database, org_id).await
    }

    async fn member(&self, org_id: &str, id: &str) -> Result<Option<Member>, DirectoryError> {
        members::one(&self.database, org_id, id).await
    }

    async fn kept_memberships(&self, issuer: &str) -> Result<Vec<Member>, DirectoryError> {
        members::kept(&self.database, issuer).await
    }

    async fn set_roles(
        &self,
        org_id: &str,
        id: &str,
        roles: &[String],
        admins: &AdminRoles,
    ) -> Result<Member, ChangeError> {
        members::set_roles(&self.database, org_id, id, roles, admins).await
    }

    async fn remove(
        &self,
        org_id: &str,
        id: &str,
        admins: &AdminRoles,
        now: OffsetDateTime,
    ) -> Result<Member, ChangeError> {
        members::remove(&self.database, org_id, id, admins, now).await
    }

    async fn invite(&self, invitation: &Invitation) -> Result<(), DirectoryError> {
        invitations::add(&self.database, invitation).await
    }

    async fn invitations(
        &self,
        org_id: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<Invitation>, DirectoryError> {
        invitations::open(&self.database, org_id, now).await
    }

    async fn invitation(&self, org_id: &str, id: &str) -> Result<Option<Invitation>, DirectoryError> {
        invitations::one(&self.database, org_id, id).await
    }

    async fn invitation_by_token(&self, token: &TokenHash) -> Result<Option<Invitation>, DirectoryError> {
        invitations::by_token(&self.database, token).await
    }

    async fn delivered(&self, org_id: &str, id: &str, now: OffsetDateTime) -> Result<(), DirectoryError> {
        invitations::delivered(&self.database, org_id, id, now).await
    }

    async fn revoke(&self, org_id: &str, id: &str, now: OffsetDateTime) -> Result<bool, DirectoryError> {
        invitations::revoke(&self.database, org_id, id, now).await
    }

    async fn redeem(
        &self,
        token: &TokenHash,
        person: &Person,
        now: OffsetDateTime,
    ) -> Result<Member, AcceptError> {
        invitations::redeem(&self.database, token, person, now).await
    }
}
