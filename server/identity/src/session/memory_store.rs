use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use time::OffsetDateTime;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::Result;

use super::store::saved;
use super::{EndReason, Feed, Index, Notice, Replaced, Row, SessionKey, SharedSessionStore, TurnAnswer};

/// Sessions in memory, for tests of everything above a store.
#[derive(Debug)]
pub struct MemorySessionStore {
    kept: Arc<Mutex<Kept>>,
    feed: Feed,
}

#[derive(Debug, Default)]
struct Kept {
    rows: HashMap<Id, Row>,
    turns: HashMap<Id, (i64, Instant)>,
    seen: HashMap<String, OffsetDateTime>,
}

impl Default for MemorySessionStore {
    fn default() -> Self {
        Self { kept: Arc::default(), feed: Feed::local() }
    }
}

impl MemorySessionStore {
    fn tell(&self, notice: Notice) {
        self.feed.deliver(notice);
    }
}

#[async_trait]
impl SessionStore for MemorySessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.kept.lock().rows.insert(record.id, Row::of(record)?);
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        saved(self.replace(record, false).await?)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = self.kept.lock().rows.get(id).cloned();
        row.map(|row| row.into_record(*id)).transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.end(id, EndReason::SignedOut).await.map(drop)
    }
}

#[async_trait]
impl SharedSessionStore for MemorySessionStore {
    async fn replace(&self, record: &Record, privileges: bool) -> Result<Replaced> {
        let row = Row::of(record)?;
        let version = row.version;
        match self.kept.lock().rows.get_mut(&record.id) {
            None => return Ok(Replaced::Ended),
            Some(stored) if stored.version != version - 1 => return Ok(Replaced::Conflict),
            Some(stored) => *stored = row,
        }
        self.tell(Notice::Changed { key: SessionKey::of(&record.id), version, privileges });
        Ok(Replaced::Done)
    }

    async fn touch(&self, id: &Id, expires_at: OffsetDateTime) -> Result<bool> {
        let mut kept = self.kept.lock();
        let Some(row) = kept.rows.get_mut(id) else { return Ok(false) };
        row.expires_at = expires_at.unix_timestamp();
        Ok(true)
    }

    async fn end(&self, id: &Id, reason: EndReason) -> Result<bool> {
        let was = self.kept.lock().rows.remove(id).is_some();
        if was {
            self.tell(Notice::Ended(SessionKey::of(id), reason));
        }
        Ok(was)
    }

    async fn take_turn(&self, id: &Id, owner: i64, lease: Duration) -> Result<TurnAnswer> {
        let mut kept = self.kept.lock();
        if !kept.rows.contains_key(id) {
            return Ok(TurnAnswer::Ended);
        }
        let now = Instant::now();
        if kept.turns.get(id).is_some_and(|(_, until)| *until > now) {
            return Ok(TurnAnswer::Busy);
        }
        kept.turns.insert(*id, (owner, now + lease));
        Ok(TurnAnswer::Taken)
    }

    async fn release_turn(&self, id: &Id, owner: i64) -> Result<()> {
        let mut kept = self.kept.lock();
        if kept.turns.get(id).is_some_and(|(holder, _)| *holder == owner) {
            kept.turns.remove(id);
        }
        Ok(())
    }

    async fn find_by(&self, index: Index<'_>) -> Result<Vec<Row>> {
        let kept = self.kept.lock();
        let fits = |row: &&Row| match index {
            Index::Person(person) => row.person == person,
            Index::ProviderSession(sid) => row.provider_session.as_deref() == Some(sid),
        };
        Ok(kept.rows.values().filter(fits).cloned().collect())
    }

    async fn remember_once(&self, key: &str, until: OffsetDateTime) -> Result<bool> {
        Ok(self.kept.lock().seen.insert(key.to_owned(), until).is_none())
    }

    async fn remove_expired(&self, now: OffsetDateTime) -> Result<u64> {
        let mut kept = self.kept.lock();
        let before = kept.rows.len();
        kept.rows.retain(|_, row| row.expires_at > now.unix_timestamp());
        kept.seen.retain(|_, until| *until > now);
        Ok((before - kept.rows.len()) as u64)
    }

    fn feed(&self) -> &Feed {
        &self.feed
    }
}

impl Clone for MemorySessionStore {
    /// The same sessions, over the same feed.
    fn clone(&self) -> Self {
        Self { kept: self.kept.clone(), feed: self.feed.clone() }
    }
}
