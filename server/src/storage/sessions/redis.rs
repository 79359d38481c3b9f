use std::time::Duration;

use async_trait::async_trait;
use fred::clients::SubscriberClient;
use fred::interfaces::{ClientLike, EventInterface, KeysInterface, LuaInterface, PubsubInterface};
use fred::prelude::{Builder, Client, Config, Expiration, ReconnectPolicy, SetOptions};
use portico_identity::session::session_store::Result;
use portico_identity::session::{
    EndReason, Feed, Index, Notice, Record, Replaced, Row, SessionId, SessionKey, SessionStore,
    SharedSessionStore, TurnAnswer, saved,
};
use time::OffsetDateTime;
use tokio::task::AbortHandle;

use super::backend;
use crate::storage::redis::{RELEASE, milliseconds};

/// Redis could not be reached, or its URL cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RedisError(#[from] fred::error::Error);

const CHANNEL: &str = "portico:sessions";
/// Three beats in the second for which a cache is trusted: one may come late.
const BEAT: Duration = Duration::from_millis(300);
/// The longest that one command may take.
const COMMAND: Duration = Duration::from_secs(5);

/// Sessions in Redis 7, for any number of instances: what ends or changes one tells all by PUBLISH, in one script. A
/// session is a hash under `portico:session:<key>`, which Redis itself forgets when it is over; sets name those of a person
/// and of a session at the provider. For one primary, with or without replicas; not for Redis Cluster.
pub struct RedisSessionStore {
    client: Client,
    subscriber: SubscriberClient,
    feed: Feed,
    tasks: [AbortHandle; 3],
}

impl RedisSessionStore {
    /// Connects to `url` (`redis://`, or `rediss://` for TLS) and listens until it is dropped.
    ///
    /// # Errors
    /// When the URL cannot be read or the server does not answer.
    pub async fn connect(url: &str) -> std::result::Result<Self, RedisError> {
        let mut builder = Builder::from_config(Config::from_url(url)?);
        builder
            .with_connection_config(|config| {
                config.connection_timeout = COMMAND;
                config.internal_command_timeout = COMMAND;
            })
            .with_performance_config(|config| config.default_command_timeout = COMMAND)
            .set_policy(ReconnectPolicy::new_exponential(0, 50, 2_000, 2));
        let (client, subscriber) = (builder.build()?, builder.build_subscriber_client()?);
        client.init().await?;
        subscriber.init().await?;
        let feed = Feed::shared();
        let tasks = [
            tokio::spawn(listen(subscriber.clone(), feed.clone())).abort_handle(),
            tokio::spawn(watch_connection(subscriber.clone(), feed.clone())).abort_handle(),
            tokio::spawn(beat(client.clone())).abort_handle(),
        ];
        subscriber.subscribe(CHANNEL).await?;
        subscriber.manage_subscriptions();
        Ok(Self { client, subscriber, feed, tasks })
    }

    /// The connection, for what else is kept in Redis.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn rows(&self, set: &str) -> Result<Vec<Row>> {
        let found: Vec<Vec<String>> =
            self.client.eval(FIND, vec![set.to_owned()], Vec::<String>::new()).await.map_err(backend)?;
        found.iter().map(|values| from_values(values)).collect()
    }
}

impl std::fmt::Debug for RedisSessionStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisSessionStore")
    }
}

impl Drop for RedisSessionStore {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        let (client, subscriber) = (self.client.clone(), self.subscriber.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // Going away: whether the goodbye arrives makes no difference.
                let _ = (client.quit().await, subscriber.quit().await);
            });
        }
    }
}

async fn listen(subscriber: SubscriberClient, feed: Feed) {
    let mut messages = subscriber.message_rx();
    loop {
        match messages.recv().await {
            Ok(message) => {
                let notice = message.value.as_str().and_then(|line| Notice::decode(&line));
                notice.into_iter().for_each(|notice| feed.deliver(notice));
            }
            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => feed.deliver(Notice::Gap),
            Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// What was told while there was no connection was not heard.
async fn watch_connection(subscriber: SubscriberClient, feed: Feed) {
    let (mut errors, mut reconnects) = (subscriber.error_rx(), subscriber.reconnect_rx());
    loop {
        let goes_on = tokio::select! {
            error = errors.recv() => error.is_ok(),
            reconnected = reconnects.recv() => reconnected.is_ok(),
        };
        feed.deliver(Notice::Gap);
        if !goes_on {
            tokio::time::sleep(BEAT).await;
        }
    }
}

async fn beat(client: Client) {
    let mut ticks = tokio::time::interval(BEAT);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // When it fails, the silence says so to everyone.
        let told = client.publish::<i64, _, _>(CHANNEL, Notice::Beat.encode());
        let _ = tokio::time::timeout(BEAT * 3, told).await;
    }
}

/// `KEYS`: the session. `ARGV`: sealed, person, session at the provider, version, end, and the two sets' names.
const CREATE: &str = "
    redis.call('HSET', KEYS[1], 'sealed', ARGV[1], 'person', ARGV[2], 'provider_session', ARGV[3],
               'version', ARGV[4], 'expires_at', ARGV[5])
    redis.call('EXPIREAT', KEYS[1], ARGV[5])
    redis.call('SADD', ARGV[6], KEYS[1])
    if ARGV[3] ~= '' then redis.call('SADD', ARGV[7], KEYS[1]) end
    return 1";

/// `KEYS`: the session. `ARGV`: sealed, version, end, channel, notice. A session's person and `sid` never change.
const REPLACE: &str = "
    local version = redis.call('HGET', KEYS[1], 'version')
    if not version then return 'ended' end
    if tonumber(version) ~= tonumber(ARGV[2]) - 1 then return 'conflict' end
    redis.call('HSET', KEYS[1], 'sealed', ARGV[1], 'version', ARGV[2], 'expires_at', ARGV[3])
    redis.call('EXPIREAT', KEYS[1], ARGV[3])
    redis.call('PUBLISH', ARGV[4], ARGV[5])
    return 'done'";

/// `KEYS`: the session. `ARGV`: its end.
const TOUCH: &str = "
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    redis.call('HSET', KEYS[1], 'expires_at', ARGV[1])
    redis.call('EXPIREAT', KEYS[1], ARGV[1])
    return 1";

/// `KEYS`: the session. `ARGV`: prefixes of the two sets, channel, notice.
const END: &str = "
    local kept = redis.call('HMGET', KEYS[1], 'person', 'provider_session')
    if not kept[1] then return 0 end
    redis.call('DEL', KEYS[1])
    redis.call('SREM', ARGV[1] .. kept[1], KEYS[1])
    if kept[2] and kept[2] ~= '' then redis.call('SREM', ARGV[2] .. kept[2], KEYS[1]) end
    redis.call('PUBLISH', ARGV[3], ARGV[4])
    return 1";

/// `KEYS`: a set. What Redis has forgotten meanwhile leaves it.
const FIND: &str = "
    local found = {}
    for _, key in ipairs(redis.call('SMEMBERS', KEYS[1])) do
        local row = redis.call('HMGET', key, 'sealed', 'person', 'provider_session', 'version', 'expires_at')
        if row[1] then table.insert(found, row) else redis.call('SREM', KEYS[1], key) end
    end
    return found";

const PERSON: &str = "portico:person:";
const PROVIDER_SESSION: &str = "portico:provider-session:";

fn session_key(id: &SessionId) -> String {
    format!("portico:session:{}", SessionKey::of(id))
}

fn turn_key(id: &SessionId) -> String {
    format!("portico:turn:{}", SessionKey::of(id))
}

/// A row from the five values of a session's hash.
fn from_values(values: &[String]) -> Result<Row> {
    let [sealed, person, provider_session, version, expires_at] = values else {
        return Err(backend("a session's hash lacks a field"));
    };
    Ok(Row {
        sealed: sealed.clone(),
        person: person.clone(),
        provider_session: Some(provider_session.clone()).filter(|sid| !sid.is_empty()),
        version: version.parse().map_err(backend)?,
        expires_at: expires_at.parse().map_err(backend)?,
    })
}

#[async_trait]
impl SessionStore for RedisSessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let row = Row::of(record)?;
        let provider_session = row.provider_session.unwrap_or_default();
        let sets = (format!("{PERSON}{}", row.person), format!("{PROVIDER_SESSION}{provider_session}"));
        let values = vec![
            row.sealed,
            row.person,
            provider_session,
            row.version.to_string(),
            row.expires_at.to_string(),
            sets.0,
            sets.1,
        ];
        let _: i64 =
            self.client.eval(CREATE, vec![session_key(&record.id)], values).await.map_err(backend)?;
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        saved(self.replace(record, false).await?)
    }

    async fn load(&self, id: &SessionId) -> Result<Option<Record>> {
        let script = "return redis.call('HMGET', KEYS[1], 'sealed', 'person', 'provider_session', 'version', 'expires_at')";
        let found: Vec<Option<String>> =
            self.client.eval(script, vec![session_key(id)], Vec::<String>::new()).await.map_err(backend)?;
        let Some(values) = found.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        from_values(&values)?.into_record(*id).map(Some)
    }

    async fn delete(&self, id: &SessionId) -> Result<()> {
        self.end(id, EndReason::SignedOut).await.map(drop)
    }
}

#[async_trait]
impl SharedSessionStore for RedisSessionStore {
    async fn replace(&self, record: &Record, privileges: bool) -> Result<Replaced> {
        let row = Row::of(record)?;
        let notice = Notice::Changed { key: SessionKey::of(&record.id), version: row.version, privileges };
        let values = vec![
            row.sealed,
            row.version.to_string(),
            row.expires_at.to_string(),
            CHANNEL.to_owned(),
            notice.encode(),
        ];
        let done: String =
            self.client.eval(REPLACE, vec![session_key(&record.id)], values).await.map_err(backend)?;
        Ok(match done.as_str() {
            "done" => Replaced::Done,
            "conflict" => Replaced::Conflict,
            _ => Replaced::Ended,
        })
    }

    async fn touch(&self, id: &SessionId, expires_at: OffsetDateTime) -> Result<bool> {
        let values = vec![expires_at.unix_timestamp().to_string()];
        let done: i64 = self.client.eval(TOUCH, vec![session_key(id)], values).await.map_err(backend)?;
        Ok(done > 0)
    }

    async fn end(&self, id: &SessionId, reason: EndReason) -> Result<bool> {
        let notice = Notice::Ended(SessionKey::of(id), reason).encode();
        let values = vec![PERSON.to_owned(), PROVIDER_SESSION.to_owned(), CHANNEL.to_owned(), notice];
        let done: i64 = self.client.eval(END, vec![session_key(id)], values).await.map_err(backend)?;
        Ok(done > 0)
    }

    async fn take_turn(&self, id: &SessionId, owner: i64, lease: Duration) -> Result<TurnAnswer> {
        let lease = Expiration::PX(milliseconds(lease));
        let taken: Option<String> = self
            .client
            .set(turn_key(id), owner.to_string(), Some(lease), Some(SetOptions::NX), false)
            .await
            .map_err(backend)?;
        let lives = self.load(id).await?.is_some();
        Ok(match (lives, taken.is_some()) {
            (true, true) => TurnAnswer::Taken,
            (true, false) => TurnAnswer::Busy,
            (false, _) => TurnAnswer::Ended,
        })
    }

    async fn release_turn(&self, id: &SessionId, owner: i64) -> Result<()> {
        let _: i64 =
            self.client.eval(RELEASE, vec![turn_key(id)], vec![owner.to_string()]).await.map_err(backend)?;
        Ok(())
    }

    async fn find_by(&self, index: Index<'_>) -> Result<Vec<Row>> {
        match index {
            Index::Person(person) => self.rows(&format!("{PERSON}{person}")).await,
            Index::ProviderSession(sid) => self.rows(&format!("{PROVIDER_SESSION}{sid}")).await,
        }
    }

    async fn remember_once(&self, key: &str, until: OffsetDateTime) -> Result<bool> {
        let until = Expiration::EXAT(until.unix_timestamp());
        let first: Option<String> = self
            .client
            .set(format!("portico:once:{key}"), "1", Some(until), Some(SetOptions::NX), false)
            .await
            .map_err(backend)?;
        Ok(first.is_some())
    }

    /// Redis forgets by itself.
    async fn remove_expired(&self, _: OffsetDateTime) -> Result<u64> {
        Ok(0)
    }

    fn feed(&self) -> &Feed {
        &self.feed
    }
}
