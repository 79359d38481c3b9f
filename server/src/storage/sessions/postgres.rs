use std::time::Duration;

use async_trait::async_trait;
use portico_identity::session::session_store::Result;
use portico_identity::session::{
    EndReason, Feed, Index, Notice, Record, Replaced, Row, SessionId, SessionKey, SessionStore,
    SharedSessionStore, TurnAnswer, saved,
};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use time::OffsetDateTime;
use tokio::task::AbortHandle;

use super::{Columns, backend, row};

/// The tables. A row's key is the hash of the session id, so that whoever reads the database holds no usable cookie.
pub(in crate::storage) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS portal_sessions (
        id               BYTEA   PRIMARY KEY,
        sealed           TEXT    NOT NULL,
        person           TEXT    NOT NULL,
        provider_session TEXT,
        version          BIGINT  NOT NULL,
        expires_at       BIGINT  NOT NULL,
        turn_owner       BIGINT,
        turn_until       TIMESTAMPTZ
    );
    CREATE INDEX IF NOT EXISTS portal_sessions_by_expiry ON portal_sessions (expires_at);
    CREATE INDEX IF NOT EXISTS portal_sessions_by_person ON portal_sessions (person);
    CREATE INDEX IF NOT EXISTS portal_sessions_by_provider_session ON portal_sessions (provider_session);
    CREATE TABLE IF NOT EXISTS seen_once (
        name       TEXT    PRIMARY KEY,
        until      BIGINT  NOT NULL
    );
";

const CHANNEL: &str = "portico_sessions";
/// Three beats in the second for which a cache is trusted: one may come late.
const BEAT: Duration = Duration::from_millis(300);
/// After the connection was lost, it is tried again this often.
const RECONNECT: Duration = Duration::from_millis(200);

/// Sessions in PostgreSQL, for any number of instances: what ends or changes one tells all by NOTIFY, in the same
/// transaction, so that neither happens without the other.
#[derive(Debug)]
pub struct PostgresSessionStore {
    pool: PgPool,
    feed: Feed,
    tasks: [AbortHandle; 2],
}

impl PostgresSessionStore {
    /// Over an open database; listens until it is dropped.
    pub fn new(pool: PgPool) -> Self {
        let feed = Feed::shared();
        let tasks = [
            tokio::spawn(listen(pool.clone(), feed.clone())).abort_handle(),
            tokio::spawn(beat(pool.clone())).abort_handle(),
        ];
        Self { pool, feed, tasks }
    }
}

impl Drop for PostgresSessionStore {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Delivers what comes over the channel. Whatever may have been missed while there was no connection is a gap.
async fn listen(pool: PgPool, feed: Feed) {
    loop {
        if let Err(error) = listen_once(&pool, &feed).await {
            tracing::warn!(error.message = %error, "the revocation feed is interrupted; sessions are read from the store");
        }
        feed.deliver(Notice::Gap);
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn listen_once(pool: &PgPool, feed: &Feed) -> std::result::Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    while let Some(notification) = listener.try_recv().await? {
        if let Some(notice) = Notice::decode(notification.payload()) {
            feed.deliver(notice);
        }
    }
    Ok(())
}

async fn beat(pool: PgPool) {
    let mut ticks = tokio::time::interval(BEAT);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // When it fails, the silence says so to everyone.
        let told = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(Notice::Beat.encode());
        let _ = tokio::time::timeout(BEAT * 3, told.execute(&pool)).await;
    }
}

#[async_trait]
impl SessionStore for PostgresSessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let row = Row::of(record)?;
        sqlx::query(
            "INSERT INTO portal_sessions (id, sealed, person, provider_session, version, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
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
            "SELECT sealed, person, provider_session, version, expires_at FROM portal_sessions WHERE id = $1",
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
impl SharedSessionStore for PostgresSessionStore {
    async fn replace(&self, record: &Record, privileges: bool) -> Result<Replaced> {
        let row = Row::of(record)?;
        let key = SessionKey::of(&record.id);
        let notice = Notice::Changed { key, version: row.version, privileges };
        let done = sqlx::query(
            "UPDATE portal_sessions
             SET sealed = $1, person = $2, provider_session = $3, version = $4, expires_at = $5
             WHERE id = $6 AND version = $4 - 1 RETURNING pg_notify($7, $8)",
        )
        .bind(row.sealed)
        .bind(row.person)
        .bind(row.provider_session)
        .bind(row.version)
        .bind(row.expires_at)
        .bind(key.bytes())
        .bind(CHANNEL)
        .bind(notice.encode())
        .fetch_optional(&self.pool)
        .await
        .map_err(backend)?;
        if done.is_some() {
            return Ok(Replaced::Done);
        }
        Ok(if self.load(&record.id).await?.is_some() { Replaced::Conflict } else { Replaced::Ended })
    }

    async fn touch(&self, id: &SessionId, expires_at: OffsetDateTime) -> Result<bool> {
        let done = sqlx::query("UPDATE portal_sessions SET expires_at = $1 WHERE id = $2")
            .bind(expires_at.unix_timestamp())
            .bind(SessionKey::of(id).bytes())
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        Ok(done.rows_affected() > 0)
    }

    async fn end(&self, id: &SessionId, reason: EndReason) -> Result<bool> {
        let key = SessionKey::of(id);
        let done = sqlx::query("DELETE FROM portal_sessions WHERE id = $1 RETURNING pg_notify($2, $3)")
            .bind(key.bytes())
            .bind(CHANNEL)
            .bind(Notice::Ended(key, reason).encode())
            .fetch_optional(&self.pool)
            .await
            .map_err(backend)?;
        Ok(done.is_some())
    }

    async fn take_turn(&self, id: &SessionId, owner: i64, lease: Duration) -> Result<TurnAnswer> {
        let taken = sqlx::query(
            "UPDATE portal_sessions
             SET turn_owner = $1, turn_until = clock_timestamp() + make_interval(secs => $2)
             WHERE id = $3 AND (turn_until IS NULL OR turn_until <= clock_timestamp())",
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
            "UPDATE portal_sessions SET turn_owner = NULL, turn_until = NULL WHERE id = $1 AND turn_owner = $2",
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
                 WHERE person = $1",
                person,
            ),
            Index::ProviderSession(sid) => (
                "SELECT sealed, person, provider_session, version, expires_at FROM portal_sessions
                 WHERE provider_session = $1",
                sid,
            ),
        };
        let found: Vec<Columns> =
            sqlx::query_as(query).bind(value).fetch_all(&self.pool).await.map_err(backend)?;
        Ok(found.into_iter().map(row).collect())
    }

    async fn remember_once(&self, key: &str, until: OffsetDateTime) -> Result<bool> {
        let done = sqlx::query("INSERT INTO seen_once (name, until) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(key)
            .bind(until.unix_timestamp())
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        Ok(done.rows_affected() > 0)
    }

    async fn remove_expired(&self, now: OffsetDateTime) -> Result<u64> {
        let now = now.unix_timestamp();
        sqlx::query("DELETE FROM seen_once WHERE until <= $1")
            .bind(now)
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        let done = sqlx::query("DELETE FROM portal_sessions WHERE expires_at <= $1")
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
