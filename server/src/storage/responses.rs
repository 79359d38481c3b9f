use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fred::interfaces::KeysInterface;
use fred::prelude::Client;
use fred::types::Expiration;
use portico_gateway::{EntryName, Found, Kept, ResponseStore, UriMark};
use portico_identity::seal::Sealer;
use portico_ports::Random;

use super::redis::milliseconds;

/// Kept answers in Redis, for every instance: sealed values, gone when they are of no more use.
pub struct RedisResponses {
    client: Client,
    sealer: Sealer,
    random: Arc<dyn Random>,
}

/// Longer than a cache may take: the upstream is not much slower.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a change is remembered: longer than any answer from before it is kept (a day of freshness and a day after).
const CHANGED: Duration = Duration::from_secs(3 * 86_400);

impl RedisResponses {
    /// Over a connection that is open; values are sealed by `sealer`.
    pub fn new(client: Client, sealer: Sealer, random: Arc<dyn Random>) -> Self {
        Self { client, sealer, random }
    }
}

#[async_trait]
impl ResponseStore for RedisResponses {
    async fn find(&self, mark: &UriMark, name: &EntryName) -> Found {
        let asked = self.client.mget::<(Option<u64>, Option<String>), _>(vec![mark_key(mark), key(name)]);
        let Ok(Ok((generation, sealed))) = tokio::time::timeout(PATIENCE, asked).await else {
            // Of no generation: what is fetched meanwhile is never found.
            return Found { generation: u64::MAX, kept: None };
        };
        let plain = sealed.and_then(|sealed| self.sealer.open(&purpose(name), &sealed).ok());
        Found { generation: generation.unwrap_or(0), kept: plain.and_then(|plain| Kept::decode(&plain)) }
    }

    async fn keep(&self, name: &EntryName, kept: Kept, time: Duration) {
        let time = milliseconds(time);
        if time == 0 {
            return;
        }
        let sealed = self.sealer.seal(&purpose(name), &kept.encode(), self.random.as_ref());
        let kept = self.client.set::<(), _, _>(key(name), sealed, Some(Expiration::PX(time)), None, false);
        if !matches!(tokio::time::timeout(PATIENCE, kept).await, Ok(Ok(()))) {
            tracing::debug!("an answer could not be kept");
        }
    }

    async fn renew(&self, marks: &[UriMark]) {
        // A number nobody had: what counts is that it is another.
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        let generation = i64::try_from(u64::from_le_bytes(bytes) >> 2).unwrap_or(1).max(1);
        let expiry = || Some(Expiration::PX(milliseconds(CHANGED)));
        let all = marks
            .iter()
            .map(|mark| self.client.set::<(), _, _>(mark_key(mark), generation, expiry(), None, false));
        let renewed = tokio::time::timeout(PATIENCE, futures::future::try_join_all(all)).await;
        if !matches!(renewed, Ok(Ok(_))) {
            tracing::warn!(
                "other instances could not be told that answers are old; they are kept until their time is over"
            );
        }
    }
}

fn key(name: &EntryName) -> String {
    format!("portico:answers:{name}")
}

fn mark_key(mark: &UriMark) -> String {
    format!("portico:answers:changed:{mark}")
}

/// One name's answer does not open under another.
fn purpose(name: &EntryName) -> String {
    format!("kept answer {name}")
}
