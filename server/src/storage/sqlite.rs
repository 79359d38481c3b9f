use std::fmt;

use async_trait::async_trait;
use portico_identity::session::session_store::{Error, Result};
use portico_identity::session::{Record, SessionId, SessionStore};
use sha2::{Digest, Sha256};
use sqlx::SqlitePool;
use time::OffsetDateTime;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS sessions (
        id         BLOB    PRIMARY KEY,
        record     BLOB    NOT NULL,
        expires_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);
";

/// Sessions in SQLite. A row's key is the hash of the session id, so that a stolen file holds no usable cookie.
#[derive(Clone)]
pub struct SqliteSessionStore {
    pool: SqlitePool,
}

impl fmt::Debug for SqliteSessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteSessionStore")
    }
}

impl SqliteSessionStore {
    /// Over an open file.
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// Removes what is over. Returns how many sessions that were.
    pub async fn delete_expired(&self, now: OffsetDateTime) -> Result<u64> {
        let done = sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
            .bind(now.unix_timestamp())
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        Ok(done.rows_affected())
    }
}

#[async_trait]
impl SessionStore for SqliteSessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        sqlx::query("INSERT INTO sessions (id, record, expires_at) VALUES (?, ?, ?)")
            .bind(key(&record.id))
            .bind(encode(record)?)
            .bind(record.expiry_date.unix_timestamp())
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        Ok(())
    }

    /// Saves what exists; a session that was deleted meanwhile is not brought back (case 17).
    async fn save(&self, record: &Record) -> Result<()> {
        let done = sqlx::query("UPDATE sessions SET record = ?, expires_at = ? WHERE id = ?")
            .bind(encode(record)?)
            .bind(record.expiry_date.unix_timestamp())
            .bind(key(&record.id))
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        if done.rows_affected() == 0 { Err(Error::Backend("the session has ended".into())) } else { Ok(()) }
    }

    async fn load(&self, id: &SessionId) -> Result<Option<Record>> {
        let row: Option<(Vec<u8>, i64)> =
            sqlx::query_as("SELECT record, expires_at FROM sessions WHERE id = ?")
                .bind(key(id))
                .fetch_optional(&self.pool)
                .await
                .map_err(backend)?;
        let Some((record, expires_at)) = row else { return Ok(None) };
        let data = serde_json::from_slice(&record).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(expires_at)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &SessionId) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = ?")
            .bind(key(id))
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        Ok(())
    }
}

fn key(id: &SessionId) -> Vec<u8> {
    Sha256::digest(id.0.to_le_bytes()).to_vec()
}

/// Only the data: the id itself is a credential and stays out of the file.
fn encode(record: &Record) -> Result<Vec<u8>> {
    serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}
