use std::time::Duration;

use async_trait::async_trait;
use fred::interfaces::{HashesInterface, KeysInterface};
use fred::prelude::Client;
use portico_identity::session::SessionKey;
use portico_identity::token::SharedTokens;
use time::OffsetDateTime;

/// Exchanged tokens in Redis, for every instance: one hash for each session, sealed values, gone with the last of them.
pub struct RedisTokens {
    client: Client,
}

/// Longer than a cache may take: an exchange is not much slower.
const PATIENCE: Duration = Duration::from_millis(500);

impl RedisTokens {
    /// Over a connection that is open.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl SharedTokens for RedisTokens {
    async fn get(&self, session: &SessionKey, name: &str) -> Option<String> {
        let asked = self.client.hget::<Option<String>, _, _>(place(session), name);
        tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()?
    }

    async fn put(&self, session: &SessionKey, name: &str, sealed: String, until: OffsetDateTime) {
        let place = place(session);
        let kept = async {
            self.client.hset::<i64, _, _>(&place, (name, sealed)).await?;
            // Never sooner than what is there already: the hash ends with its last token.
            let options = Some(fred::types::ExpireOptions::GT);
            let until = until.unix_timestamp();
            if self.client.ttl::<i64, _>(&place).await? < 0 {
                return self.client.expire_at::<i64, _>(&place, until, None).await;
            }
            self.client.expire_at::<i64, _>(&place, until, options).await
        };
        if !matches!(tokio::time::timeout(PATIENCE, kept).await, Ok(Ok(_))) {
            tracing::debug!("an exchanged token could not be shared with other instances");
        }
    }

    async fn forget(&self, session: &SessionKey) {
        if let Err(error) = self.client.del::<i64, _>(place(session)).await {
            // It ends with its own lifetime; nobody has a session any more to use it with.
            tracing::warn!(error.message = %error, "the shared tokens of an ended session could not be removed");
        }
    }
}

fn place(session: &SessionKey) -> String {
    format!("portico:tokens:{session}")
}
