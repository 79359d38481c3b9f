use portico_directory::{
    AdminRoles, Change, ChangeError, Claims, DirectoryError, Member, Person, PersonId, changes,
};
use time::OffsetDateTime;

use super::rows::{self, MemberRow, json, select_members};
use super::{failed, lock_organization, on};
use crate::storage::Database;

macro_rules! put {
    ($transaction:expr, $member:expr, $statement:expr) => {
        sqlx::query($statement)
            .bind(&$member.id)
            .bind(&$member.org_id)
            .bind(&$member.person.issuer)
            .bind(&$member.person.sub)
            .bind(&$member.name)
            .bind(&$member.email)
            .bind(json(&$member.roles))
            .bind($member.source.as_str())
            .bind(i64::from($member.keeps_roles))
            .bind($member.joined_at.unix_timestamp())
            .bind($member.removed_at.map(OffsetDateTime::unix_timestamp))
            .execute(&mut *$transaction)
            .await
            .map_err(failed)?
    };
}

macro_rules! put_name {
    ($transaction:expr, $member:expr) => {
        sqlx::query(
            "INSERT INTO organizations (org_id, name) VALUES ($1, $2)
             ON CONFLICT (org_id) DO UPDATE SET name = excluded.name",
        )
        .bind(&$member.org_id)
        .bind(&$member.org_name)
        .execute(&mut *$transaction)
        .await
        .map_err(failed)?
    };
}

pub(super) use put;

pub(super) async fn record(
    database: &Database,
    person: &Person,
    claims: &Claims,
    now: OffsetDateTime,
) -> Result<Vec<Member>, DirectoryError> {
    let known = of_person(database, &person.id).await?;
    let changes = changes(&known, person, claims, now);
    if changes.is_empty() {
        // As at nearly every login: nothing is written.
        return Ok(known);
    }
    on!(database, pool => {
        let mut transaction = pool.begin().await.map_err(failed)?;
        for change in &changes {
            match change {
                Change::Put(member) => {
                    put_name!(transaction, member);
                    put!(transaction, member, KEEPING_DECISIONS);
                }
                Change::Drop(member) => {
                    sqlx::query("DELETE FROM members WHERE id = $1 AND source = 'provider' AND removed_at IS NULL")
                        .bind(&member.id)
                        .execute(&mut *transaction)
                        .await
                        .map_err(failed)?;
                }
            }
        }
        transaction.commit().await.map_err(failed)?;
    });
    of_person(database, &person.id).await
}

/// What an administrator decided between the look and this is not undone by a login.
const KEEPING_DECISIONS: &str = "
    INSERT INTO members (id, org_id, issuer, sub, name, email, roles, source, keeps_roles, joined_at, removed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (org_id, issuer, sub) DO UPDATE SET name = excluded.name, email = excluded.email,
        roles = CASE WHEN members.keeps_roles = 1 THEN members.roles ELSE excluded.roles END";

/// An accepted invitation decides.
pub(super) const DECIDING: &str = "
    INSERT INTO members (id, org_id, issuer, sub, name, email, roles, source, keeps_roles, joined_at, removed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (org_id, issuer, sub) DO UPDATE SET name = excluded.name, email = excluded.email,
        roles = excluded.roles, source = excluded.source, keeps_roles = excluded.keeps_roles,
        joined_at = excluded.joined_at, removed_at = NULL";

pub(super) async fn of_organization(
    database: &Database,
    org_id: &str,
) -> Result<Vec<Member>, DirectoryError> {
    let rows: Vec<MemberRow> = on!(database, pool => {
        sqlx::query_as(ACTIVE).bind(org_id).fetch_all(pool).await.map_err(failed)?
    });
    sorted(rows)
}

const ACTIVE: &str = select_members!("WHERE m.org_id = $1 AND m.removed_at IS NULL");

/// By name, wherever they were kept: databases sort by rules of their own.
fn sorted(rows: Vec<MemberRow>) -> Result<Vec<Member>, DirectoryError> {
    let mut members = rows.into_iter().map(rows::member).collect::<Result<Vec<_>, _>>()?;
    members.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(members)
}

pub(super) async fn one(
    database: &Database,
    org_id: &str,
    id: &str,
) -> Result<Option<Member>, DirectoryError> {
    const ONE: &str = select_members!("WHERE m.org_id = $1 AND m.id = $2 AND m.removed_at IS NULL");
    let row: Option<MemberRow> = on!(database, pool => {
        sqlx::query_as(ONE).bind(org_id).bind(id).fetch_optional(pool).await.map_err(failed)?
    });
    row.map(rows::member).transpose()
}

pub(super) async fn kept(database: &Database, issuer: &str) -> Result<Vec<Member>, DirectoryError> {
    const KEPT: &str = select_members!("WHERE m.issuer = $1 AND m.keeps_roles = 1 AND m.removed_at IS NULL");
    let rows: Vec<MemberRow> = on!(database, pool => {
        sqlx::query_as(KEPT).bind(issuer).fetch_all(pool).await.map_err(failed)?
    });
    sorted(rows)
}

pub(super) async fn of_person(database: &Database, person: &PersonId) -> Result<Vec<Member>, DirectoryError> {
    const OF_PERSON: &str =
        select_members!("WHERE m.issuer = $1 AND m.sub = $2 ORDER BY m.joined_at, m.org_id");
    let rows: Vec<MemberRow> = on!(database, pool => {
        sqlx::query_as(OF_PERSON).bind(&person.issuer).bind(&person.sub).fetch_all(pool).await.map_err(failed)?
    });
    rows.into_iter().map(rows::member).collect()
}

pub(super) async fn set_roles(
    database: &Database,
    org_id: &str,
    id: &str,
    roles: &[String],
    admins: &AdminRoles,
) -> Result<Member, ChangeError> {
    on!(database, pool => {
        let mut transaction = pool.begin().await.map_err(failed)?;
        lock_organization!(transaction, org_id);
        let rows: Vec<MemberRow> =
            sqlx::query_as(ACTIVE).bind(org_id).fetch_all(&mut *transaction).await.map_err(failed)?;
        let before = may_change(&sorted(rows)?, id, Some(roles), admins)?;
        sqlx::query("UPDATE members SET roles = $1, keeps_roles = 1 WHERE id = $2")
            .bind(json(roles))
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(before)
    })
}

pub(super) async fn remove(
    database: &Database,
    org_id: &str,
    id: &str,
    admins: &AdminRoles,
    now: OffsetDateTime,
) -> Result<Member, ChangeError> {
    on!(database, pool => {
        let mut transaction = pool.begin().await.map_err(failed)?;
        lock_organization!(transaction, org_id);
        let rows: Vec<MemberRow> =
            sqlx::query_as(ACTIVE).bind(org_id).fetch_all(&mut *transaction).await.map_err(failed)?;
        let before = may_change(&sorted(rows)?, id, None, admins)?;
        sqlx::query("UPDATE members SET removed_at = $1 WHERE id = $2")
            .bind(now.unix_timestamp())
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(before)
    })
}

fn may_change(
    members: &[Member],
    id: &str,
    roles: Option<&[String]>,
    admins: &AdminRoles,
) -> Result<Member, ChangeError> {
    if admins.would_be_none(members, id, roles) {
        return Err(ChangeError::LastAdmin);
    }
    members.iter().find(|member| member.id == id).cloned().ok_or(ChangeError::NotFound)
}
