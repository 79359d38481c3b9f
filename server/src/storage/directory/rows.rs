use portico_directory::{
    DirectoryError, EmailAddress, Invitation, Inviter, Member, PersonId, Source, TokenHash,
};
use time::OffsetDateTime;

/// What [`member`] reads, in this order.
macro_rules! select_members {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.org_id, o.name, m.issuer, m.sub, m.name, m.email, m.roles, m.source, m.keeps_roles,
                    m.joined_at, m.removed_at
             FROM members m JOIN organizations o ON o.org_id = m.org_id ",
            $rest
        )
    };
}

/// What [`invitation`] reads, in this order.
macro_rules! select_invitations {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.org_id, o.name, i.email, i.roles, i.inviter_issuer, i.inviter_sub, i.inviter_name,
                    i.token_hash, i.created_at, i.expires_at, i.delivered_at, i.accepted_at, i.revoked_at
             FROM invitations i JOIN organizations o ON o.org_id = i.org_id ",
            $rest
        )
    };
}

pub(super) use {select_invitations, select_members};

pub(super) type MemberRow =
    (String, String, String, String, String, String, Option<String>, String, String, i64, i64, Option<i64>);

pub(super) type InvitationRow = (
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    Vec<u8>,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

pub(super) fn member(row: MemberRow) -> Result<Member, DirectoryError> {
    let (id, org_id, org_name, issuer, sub, name, email, roles, source, keeps_roles, joined_at, removed_at) =
        row;
    Ok(Member {
        id,
        org_id,
        org_name,
        person: PersonId { issuer, sub },
        name,
        email,
        roles: list(&roles)?,
        source: if source == Source::Portal.as_str() { Source::Portal } else { Source::Provider },
        keeps_roles: keeps_roles != 0,
        joined_at: instant(joined_at)?,
        removed_at: removed_at.map(instant).transpose()?,
    })
}

pub(super) fn invitation(row: InvitationRow) -> Result<Invitation, DirectoryError> {
    let (
        id,
        org_id,
        org_name,
        email,
        roles,
        issuer,
        sub,
        name,
        hash,
        created,
        expires,
        delivered,
        accepted,
        revoked,
    ) = row;
    Ok(Invitation {
        id,
        org_id,
        org_name,
        email: EmailAddress::parse(&email).map_err(unreadable)?,
        roles: list(&roles)?,
        inviter: Inviter { person: PersonId { issuer, sub }, name },
        token: TokenHash(
            hash.try_into().map_err(|_| DirectoryError("a token's digest has 32 bytes".into()))?,
        ),
        created_at: instant(created)?,
        expires_at: instant(expires)?,
        delivered_at: delivered.map(instant).transpose()?,
        accepted_at: accepted.map(instant).transpose()?,
        revoked_at: revoked.map(instant).transpose()?,
    })
}

/// A list as it is kept.
pub(super) fn json(list: &[String]) -> String {
    serde_json::to_string(list).unwrap_or_default()
}

fn list(json: &str) -> Result<Vec<String>, DirectoryError> {
    serde_json::from_str(json).map_err(unreadable)
}

fn instant(seconds: i64) -> Result<OffsetDateTime, DirectoryError> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> DirectoryError {
    DirectoryError(format!("a row cannot be read: {error}"))
}
