//! What instances publish, where all of them see it.

use std::time::Duration;

use async_trait::async_trait;
use fred::interfaces::{KeysInterface as _, LuaInterface as _};
use fred::prelude::Client;
use fred::types::Expiration;
use portico_stream::{Claim, EventDigest, SharedClaims};
use sqlx::PgPool;
use tokio::task::AbortHandle;

use super::redis::{RELEASE, milliseconds};

/// How long a store may take. Beyond it an event is published without a word from it, which is better than not at all.
const PATIENCE: Duration = Duration::from_millis(500);

/// Claims in Redis: a key for each event, which ends with its window.
pub struct RedisClaims {
    client: Client,
}

/// `KEYS`: the event. `ARGV`: its content, the owner, the lease in milliseconds. A value is the content, and the owner behind it while
/// the event is under way.
const CLAIM: &str = "
    local held = redis.call('GET', KEYS[1])
    if not held then
        redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
        return 'yours'
    end
    if held == ARGV[1] then return 'published' end
    if string.sub(held, 1, #ARGV[1] + 1) == ARGV[1] .. ' ' then return 'underway' end
    return 'reused'";

impl RedisClaims {
    /// Over a connection that is open.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl SharedClaims for RedisClaims {
    async fn claim(&self, event: &EventDigest, owner: &str, lease: Duration) -> Option<Claim> {
        let values = vec![text(&event.content), owner.to_owned(), milliseconds(lease).max(1).to_string()];
        let answer: String = in_time(self.client.eval(CLAIM, place(event), values)).await?;
        Some(match answer.as_str() {
            "yours" => Claim::Yours,
            "published" => Claim::Published,
            "underway" => Claim::Underway,
            _ => Claim::Reused,
        })
    }

    async fn settle(&self, event: &EventDigest, window: Duration) {
        let until = Some(Expiration::PX(milliseconds(window).max(1)));
        in_time(self.client.set::<(), _, _>(place(event), text(&event.content), until, None, false)).await;
    }

    async fn release(&self, event: &EventDigest, owner: &str) {
        let claim = format!("{} {owner}", text(&event.content));
        in_time(self.client.eval::<i64, _, _, _>(RELEASE, place(event), claim)).await;
    }
}

/// Claims in PostgreSQL, in a table that a crash of the server empties: then an event is known only to the instance that published
/// it.
pub struct PostgresClaims {
    pool: PgPool,
    sweep: AbortHandle,
}

pub(super) const SCHEMA: &str = "
    CREATE UNLOGGED TABLE IF NOT EXISTS published_events (
        name    BYTEA PRIMARY KEY,
        content BYTEA NOT NULL,
        owner   TEXT,
        until   TIMESTAMPTZ NOT NULL
    );
    CREATE INDEX IF NOT EXISTS published_events_by_end ON published_events (until);
";

/// How often what is over is removed.
const SWEEP: Duration = Duration::from_secs(30);

impl PostgresClaims {
    /// Over an open database; removes what is over until it is dropped.
    pub fn new(pool: PgPool) -> Self {
        let sweep = tokio::spawn(sweep(pool.clone())).abort_handle();
        Self { pool, sweep }
    }

    async fn held(&self, event: &EventDigest) -> sqlx::Result<Option<(Vec<u8>, bool)>> {
        let select = "SELECT content, owner IS NULL FROM published_events WHERE name = $1";
        sqlx::query_as(select).bind(event.name.as_slice()).fetch_optional(&self.pool).await
    }

    async fn ask(&self, event: &EventDigest, owner: &str, lease: Duration) -> sqlx::Result<Claim> {
        loop {
            let taken = sqlx::query(
                "INSERT INTO published_events AS held (name, content, owner, until)
                 VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
                 ON CONFLICT (name) DO UPDATE
                 SET content = EXCLUDED.content, owner = EXCLUDED.owner, until = EXCLUDED.until
                 WHERE held.until <= clock_timestamp()",
            );
            let taken = taken.bind(event.name.as_slice()).bind(event.content.as_slice());
            let taken = taken.bind(owner).bind(lease.as_secs_f64()).execute(&self.pool).await?;
            if taken.rows_affected() > 0 {
                return Ok(Claim::Yours);
            }
            match self.held(event).await? {
                Some((content, _)) if content != event.content => return Ok(Claim::Reused),
                Some((_, true)) => return Ok(Claim::Published),
                Some((_, false)) => return Ok(Claim::Underway),
                // It was given back in between.
                None => {}
            }
        }
    }
}

impl Drop for PostgresClaims {
    fn drop(&mut self) {
        self.sweep.abort();
    }
}

#[async_trait]
impl SharedClaims for PostgresClaims {
    async fn claim(&self, event: &EventDigest, owner: &str, lease: Duration) -> Option<Claim> {
        in_time(self.ask(event, owner, lease)).await
    }

    async fn settle(&self, event: &EventDigest, window: Duration) {
        let settle = sqlx::query(
            "INSERT INTO published_events (name, content, owner, until)
             VALUES ($1, $2, NULL, clock_timestamp() + make_interval(secs => $3))
             ON CONFLICT (name) DO UPDATE SET content = EXCLUDED.content, owner = NULL, until = EXCLUDED.until",
        );
        let settle = settle.bind(event.name.as_slice()).bind(event.content.as_slice());
        in_time(settle.bind(window.as_secs_f64()).execute(&self.pool)).await;
    }

    async fn release(&self, event: &EventDigest, owner: &str) {
        let release = sqlx::query("DELETE FROM published_events WHERE name = $1 AND owner = $2");
        in_time(release.bind(event.name.as_slice()).bind(owner).execute(&self.pool)).await;
    }
}

async fn sweep(pool: PgPool) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let removed = sqlx::query("DELETE FROM published_events WHERE until <= clock_timestamp()");
        if let Err(error) = removed.execute(&pool).await {
            tracing::warn!(error.message = %error, "events published long ago could not be forgotten");
        }
    }
}

/// What the store answers, unless that takes too long.
async fn in_time<T, E: std::fmt::Display>(asked: impl Future<Output = Result<T, E>>) -> Option<T> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::debug!(error.message = %error, "other instances could not be told of an event, or asked");
            None
        }
        Err(_) => None,
    }
}

fn place(event: &EventDigest) -> String {
    format!("portico:event:{}", text(&event.name))
}

fn text(digest: &[u8; 32]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, digest)
}
