/// Instants are seconds since 1970, lists are JSON: what both databases compare and keep alike.
macro_rules! schema {
    ($integer:literal, $bytes:literal) => {
        concat!(
            "
    CREATE TABLE IF NOT EXISTS organizations (
        org_id TEXT PRIMARY KEY,
        name   TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS members (
        id          TEXT PRIMARY KEY,
        org_id      TEXT NOT NULL,
        issuer      TEXT NOT NULL,
        sub         TEXT NOT NULL,
        name        TEXT NOT NULL,
        email       TEXT,
        roles       TEXT NOT NULL,
        source      TEXT NOT NULL,
        keeps_roles ",
            $integer,
            " NOT NULL,
        joined_at   ",
            $integer,
            " NOT NULL,
        removed_at  ",
            $integer,
            ",
        UNIQUE (org_id, issuer, sub)
    );
    CREATE INDEX IF NOT EXISTS members_by_person ON members (issuer, sub);
    CREATE TABLE IF NOT EXISTS invitations (
        id             TEXT PRIMARY KEY,
        org_id         TEXT NOT NULL,
        email          TEXT NOT NULL,
        roles          TEXT NOT NULL,
        inviter_issuer TEXT NOT NULL,
        inviter_sub    TEXT NOT NULL,
        inviter_name   TEXT NOT NULL,
        token_hash     ",
            $bytes,
            " NOT NULL UNIQUE,
        created_at     ",
            $integer,
            " NOT NULL,
        expires_at     ",
            $integer,
            " NOT NULL,
        delivered_at   ",
            $integer,
            ",
        accepted_at    ",
            $integer,
            ",
        revoked_at     ",
            $integer,
            "
    );
    CREATE INDEX IF NOT EXISTS invitations_by_organization ON invitations (org_id, email);
"
        )
    };
}

pub(in crate::storage) const SQLITE: &str = schema!("INTEGER", "BLOB");
pub(in crate::storage) const POSTGRES: &str = schema!("BIGINT", "BYTEA");
