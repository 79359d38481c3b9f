use portico_directory::{
    AcceptError, DirectoryError, Invitation, InvitationState, Member, Person, TokenHash, member_id,
};
use time::OffsetDateTime;

use super::members::{DECIDING, put};
use super::rows::{self, InvitationRow, MemberRow, json, select_invitations, select_members};
use super::{failed, lock_organization, on};
use crate::storage::Database;

pub(super) async fn add(database: &Database, invitation: &Invitation) -> Result<(), DirectoryError> {
    const INSERT: &str = "
        INSERT INTO invitations (id, org_id, email, roles, inviter_issuer, inviter_sub, inviter_name, token_hash,
                                 created_at, expires_at, delivered_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    const REPLACE: &str = "
        UPDATE invitations SET revoked_at = $1
        WHERE org_id = $2 AND email = $3 AND accepted_at IS NULL AND revoked_at IS NULL";
    const NAME: &str = "
        INSERT INTO organizations (org_id, name) VALUES ($1, $2) ON CONFLICT (org_id) DO UPDATE SET name = excluded.name";
    on!(database, pool => {
        let mut transaction = pool.begin().await.map_err(failed)?;
        // Also the organization's lock: of two invitations for one address, one is left open.
        sqlx::query(NAME)
            .bind(&invitation.org_id)
            .bind(&invitation.org_name)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        sqlx::query(REPLACE)
            .bind(invitation.created_at.unix_timestamp())
            .bind(&invitation.org_id)
            .bind(invitation.email.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        sqlx::query(INSERT)
            .bind(&invitation.id)
            .bind(&invitation.org_id)
            .bind(invitation.email.as_str())
            .bind(json(&invitation.roles))
            .bind(&invitation.inviter.person.issuer)
            .bind(&invitation.inviter.person.sub)
            .bind(&invitation.inviter.name)
            .bind(invitation.token.0.to_vec())
            .bind(invitation.created_at.unix_timestamp())
            .bind(invitation.expires_at.unix_timestamp())
            .bind(invitation.delivered_at.map(OffsetDateTime::unix_timestamp))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    })
}

pub(super) async fn open(
    database: &Database,
    org_id: &str,
    now: OffsetDateTime,
) -> Result<Vec<Invitation>, DirectoryError> {
    const OPEN: &str = select_invitations!(
        "WHERE i.org_id = $1 AND i.expires_at > $2 AND i.accepted_at IS NULL AND i.revoked_at IS NULL
         ORDER BY i.created_at DESC, i.id"
    );
    let rows: Vec<InvitationRow> = on!(database, pool => {
        sqlx::query_as(OPEN).bind(org_id).bind(now.unix_timestamp()).fetch_all(pool).await.map_err(failed)?
    });
    rows.into_iter().map(rows::invitation).collect()
}

pub(super) async fn one(
    database: &Database,
    org_id: &str,
    id: &str,
) -> Result<Option<Invitation>, DirectoryError> {
    const ONE: &str = select_invitations!("WHERE i.org_id = $1 AND i.id = $2");
    let row: Option<InvitationRow> = on!(database, pool => {
        sqlx::query_as(ONE).bind(org_id).bind(id).fetch_optional(pool).await.map_err(failed)?
    });
    row.map(rows::invitation).transpose()
}

pub(super) async fn by_token(
    database: &Database,
    token: &TokenHash,
) -> Result<Option<Invitation>, DirectoryError> {
    let row: Option<InvitationRow> = on!(database, pool => {
        sqlx::query_as(BY_TOKEN).bind(token.0.to_vec()).fetch_optional(pool).await.map_err(failed)?
    });
    row.map(rows::invitation).transpose()
}

const BY_TOKEN: &str = select_invitations!("WHERE i.token_hash = $1");

pub(super) async fn delivered(
    database: &Database,
    org_id: &str,
    id: &str,
    now: OffsetDateTime,
) -> Result<(), DirectoryError> {
    on!(database, pool => {
        sqlx::query("UPDATE invitations SET delivered_at = $1 WHERE org_id = $2 AND id = $3")
            .bind(now.unix_timestamp())
            .bind(org_id)
            .bind(id)
            .execute(pool)
            .await
            .map_err(failed)?;
    });
    Ok(())
}

pub(super) async fn revoke(
    database: &Database,
    org_id: &str,
    id: &str,
    now: OffsetDateTime,
) -> Result<bool, DirectoryError> {
    const REVOKE: &str = "
        UPDATE invitations SET revoked_at = $1
        WHERE org_id = $2 AND id = $3 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $1";
    let done = on!(database, pool => {
        let done = sqlx::query(REVOKE).bind(now.unix_timestamp()).bind(org_id).bind(id).execute(pool).await;
        done.map_err(failed)?.rows_affected()
    });
    Ok(done == 1)
}

pub(super) async fn redeem(
    database: &Database,
    token: &TokenHash,
    person: &Person,
    now: OffsetDateTime,
) -> Result<Member, AcceptError> {
    // Only one of several at the same time finds it open: that is what makes it single-use.
    const TAKE: &str = "
        UPDATE invitations SET accepted_at = $1
        WHERE token_hash = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $1";
    const MEMBER: &str = select_members!("WHERE m.id = $1");
    let invitation = by_token(database, token).await?.ok_or(AcceptError::Unknown)?;
    on!(database, pool => {
        let mut transaction = pool.begin().await.map_err(failed)?;
        lock_organization!(transaction, &invitation.org_id);
        let taken = sqlx::query(TAKE)
            .bind(now.unix_timestamp())
            .bind(token.0.to_vec())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if taken.rows_affected() == 0 {
            drop(transaction);
            return Err(AcceptError::Over(became(database, token, now).await?));
        }
        let before: Option<MemberRow> = sqlx::query_as(MEMBER)
            .bind(member_id(&invitation.org_id, &person.id))
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        let before = before.map(rows::member).transpose()?;
        let member = invitation.welcome(before.as_ref(), person, now);
        put!(transaction, member, DECIDING);
        transaction.commit().await.map_err(failed)?;
        Ok(member)
    })
}

/// What became of an invitation that was not open any more.
async fn became(
    database: &Database,
    token: &TokenHash,
    now: OffsetDateTime,
) -> Result<InvitationState, DirectoryError> {
    let invitation = by_token(database, token).await?;
    Ok(invitation.map_or(InvitationState::Revoked, |invitation| invitation.state(now)))
}
