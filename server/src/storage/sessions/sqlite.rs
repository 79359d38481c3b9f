use std::time::Duration;

use async_trait::async_trait;
use portico_identity::session::session_store::Result;
use portico_identity::session::{
    EndReason, Feed, Index, Notice, Record, Replaced, Row, SessionId, SessionKey, SessionStore,
    SharedSessionStore, TurnAnswer, saved,
};
use sqlx::SqlitePool;
use time::OffsetDateTime;

use super::{Columns, backend, row};

/// The tables. A row's key is the hash of the session id, so that a stolen file holds no usable cookie.
pub(in crate::storage) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS portal_sessions (
        id               BLOB    PRIMARY KEY,
        sealed           TEXT    NOT NULL,
        person           TEXT    NOT NULL,
        provider_session TEXT,
        version          INTEGER NOT NULL,
        expires_at       INTEGER NOT NULL,
        turn_owner       INTEGER,
        turn_until       REAL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS portal_sessions_by_expiry ON portal_sessions (expires_at);
    CREATE INDEX IF NOT EXISTS portal_sessions_by_person ON portal_sessions (person);
    CREATE INDEX IF NOT EXISTS portal_sessions_by_provider_session ON portal_sessions (provider_session);
    CREATE TABLE IF NOT EXISTS seen_once (
        name       TEXT    PRIMARY KEY,
        until      INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// Sessions in SQLite, for one instance: the file has no feed that others could hear.
#[derive(Clone, Debug)]
pub struct SqliteSessionStore {
    pool: SqlitePool,
    feed: Feed,
}

impl SqliteSessionStore {
    /// Over an open file.
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool, feed: Feed::local() }
    }
}

#[async_trait]
impl SessionStore for SqliteSessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let row = Row::of(record)?;
        sqlx::query(
            "INSERT INTO portal_sessions (id, sealed, person, provider_session, version, expires_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(SessionKey::of(&record.id).bytes())
        .bind(row.sealed)
        .bind(row.person)
        .bind(row.provider_session)
        .bind(row.version)
        .bind(row.expires_at)
        .execute(&self.pool)
        .await
        .map_err(backend)?;
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        saved(self.replace(record, false).await?)
    }

    async fn load(&self, id: &SessionId) -> Result<Option<Record>> {
        let found: Option<Columns> = sqlx::query_as(
            "SELECT sealed, person, provider_session, version, expires_at FROM portal_sessions WHERE id = ?",
        )
        .bind(SessionKey::of(id).bytes())
        .fetch_optional(&self.pool)
        .await
        .map_err(backend)?;
        found.map(|columns| row(columns).into_record(*id)).transpose()
    }

    async fn delete(&self, id: &SessionId) -> Result<()> {
        self.end(id, EndReason::SignedOut).await.map(drop)
    }
}

#[async_trait]
impl SharedSessionStore for SqliteSessionStore {
    async fn replace(&self, record: &Record, privileges: bool) -> Result<Replaced> {
        let row = Row::of(record)?;
        let key = SessionKey::of(&record.id);
        let done = sqlx::query(
            "UPDATE portal_sessions SET sealed = ?, person = ?, provider_session = ?, version = ?, expires_at = ?
             WHERE id = ? AND version = ?",
        )
        .bind(row.sealed)
        .bind(row.person)
        .bind(row.provider_session)
        .bind(row.version)
        .bind(row.expires_at)
        .bind(key.bytes())
        .bind(row.version - 1)
        .execute(&self.pool)
        .await
        .map_err(backend)?;
        if done.rows_affected() == 0 {
            let lives = self.load(&record.id).await?.is_some();
            return Ok(if lives { Replaced::Conflict } else { Replaced::Ended });
        }
        self.feed.deliver(Notice::Changed { key, version: row.version, privileges });
        Ok(Replaced::Done)
    }

    async fn touch(&self, id: &SessionId, expires_at: OffsetDateTime) -> Result<bool> {
        let done = sqlx::query("UPDATE portal_sessions SET expires_at = ? WHERE id = ?")
            .bind(expires_at.unix_timestamp())
            .bind(SessionKey::of(id).bytes())
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        Ok(done.rows_affected() > 0)
    }

    async fn end(&self, id: &SessionId, reason: EndReason) -> Result<bool> {
        let key = SessionKey::of(id);
        let done = sqlx::query("DELETE FROM portal_sessions WHERE id = ?")
            .bind(key.bytes())
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        let was = done.rows_affected() > 0;
        if was {
            self.feed.deliver(Notice::Ended(key, reason));
        }
        Ok(was)
    }

    async fn take_turn(&self, id: &SessionId, owner: i64, lease: Duration) -> Result<TurnAnswer> {
        let taken = sqlx::query(
            "UPDATE portal_sessions SET turn_owner = ?, turn_until = unixepoch('subsec') + ?
             WHERE id = ? AND (turn_until IS NULL OR turn_until <= unixepoch('subsec'))",
        )
        .bind(owner)
        .bind(lease.as_secs_f64())
        .bind(SessionKey::of(id).bytes())
        .execute(&self.pool)
        .await
        .map_err(backend)?;
        if taken.rows_affected() > 0 {
            return Ok(TurnAnswer::Taken);
        }
        Ok(if self.load(id).await?.is_some() { TurnAnswer::Busy } else { TurnAnswer::Ended })
    }

    async fn release_turn(&self, id: &SessionId, owner: i64) -> Result<()> {
        sqlx::query(
            "UPDATE portal_sessions SET turn_owner = NULL, turn_until = NULL WHERE id = ? AND turn_owner = ?",
        )
        .bind(SessionKey::of(id).bytes())
        .bind(owner)
        .execute(&self.pool)
        .await
        .map_err(backend)?;
        Ok(())
    }

    async fn find_by(&self, index: Index<'_>) -> Result<Vec<Row>> {
        let (query, value) = match index {
            Index::Person(person) => (
                "SELECT sealed, person, provider_session, version, expires_at FROM portal_sessions
                 WHERE person = ?",
                person,
            ),
            Index::ProviderSession(sid) => (
                "SELECT sealed, person, provider_session, version, expires_at FROM portal_sessions
                 WHERE provider_session = ?",
                sid,
            ),
        };
        let found: Vec<Columns> =
            sqlx::query_as(query).bind(value).fetch_all(&self.pool).await.map_err(backend)?;
        Ok(found.into_iter().map(row).collect())
    }

    async fn remember_once(&self, key: &str, until: OffsetDateTime) -> Result<bool> {
        let done = sqlx::query("INSERT INTO seen_once (name, until) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(key)
            .bind(until.unix_timestamp())
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        Ok(done.rows_affected() > 0)
    }

    async fn remove_expired(&self, now: OffsetDateTime) -> Result<u64> {
        let now = now.unix_timestamp();
        sqlx::query("DELETE FROM seen_once WHERE until <= ?")
            .bind(now)
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        let done = sqlx::query("DELETE FROM portal_sessions WHERE expires_at <= ?")
            .bind(now)
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        Ok(done.rows_affected())
    }

    fn feed(&self) -> &Feed {
        &self.feed
    }
}
