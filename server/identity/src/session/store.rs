use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::Record;
use tower_sessions_core::session_store::{Error, Result};

use super::{EndReason, Feed, SessionId};

/// What Portico asks of a session store beyond `tower_sessions_core::SessionStore`: to change a session only where nobody
/// else has, to end it for every instance at once, to look sessions up by person, and to hold a turn.
///
/// The same behaviour tests run on every implementation (`server/tests/stores`). In each, `save` changes what exists and
/// is of the version before, and never brings a session back; `delete` is [`SharedSessionStore::end`].
#[async_trait]
pub trait SharedSessionStore: SessionStore {
    /// Replaces a session's record if the stored one is of the version before, and tells the feed.
    async fn replace(&self, record: &Record, privileges: bool) -> Result<Replaced>;

    /// Moves the end of a session, and nothing else: an older value never overwrites a newer one. `false` when it is over.
    async fn touch(&self, id: &SessionId, expires_at: OffsetDateTime) -> Result<bool>;

    /// Ends a session and tells the feed, both or neither. `false` when it was over already.
    async fn end(&self, id: &SessionId, reason: EndReason) -> Result<bool>;

    /// Takes the turn to refresh a session's tokens, for `lease` at most: whoever dies in it holds nobody up for longer.
    async fn take_turn(&self, id: &SessionId, owner: i64, lease: Duration) -> Result<TurnAnswer>;

    /// Gives the turn back, if it is still this owner's.
    async fn release_turn(&self, id: &SessionId, owner: i64) -> Result<()>;

    /// The records of the sessions that a person, or a session at the provider, has here.
    async fn find_by(&self, index: Index<'_>) -> Result<Vec<Row>>;

    /// Whether `key` is seen for the first time; it is remembered until `until`, on every instance.
    async fn remember_once(&self, key: &str, until: OffsetDateTime) -> Result<bool>;

    /// Forgets what is over at `now`. Returns how many sessions that were.
    async fn remove_expired(&self, now: OffsetDateTime) -> Result<u64>;

    /// What is told about its sessions.
    fn feed(&self) -> &Feed;
}

/// What came of [`SharedSessionStore::replace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It is in the store.
    Done,
    /// Somebody else changed the session meanwhile: read it again.
    Conflict,
    /// The session is over.
    Ended,
}

/// What came of [`SharedSessionStore::take_turn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnAnswer {
    /// It is the caller's.
    Taken,
    /// Another instance has it.
    Busy,
    /// The session is over.
    Ended,
}

/// What sessions can be looked up by: hashes, made by `Sessions`.
#[derive(Clone, Copy, Debug)]
pub enum Index<'a> {
    /// Everything of one person.
    Person(&'a str),
    /// What belongs to one session at the provider (`sid`).
    ProviderSession(&'a str),
}

/// A session's record, taken apart into what a store keeps in columns of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The sealed state.
    pub sealed: String,
    /// The index of its person.
    pub person: String,
    /// The index of its session at the provider.
    pub provider_session: Option<String>,
    /// Counts its changes, from 1.
    pub version: i64,
    /// When it ends unless it is used, in seconds since 1970.
    pub expires_at: i64,
}

impl Row {
    /// Takes a record apart.
    ///
    /// # Errors
    /// `Encode` for a record that `Sessions` has not made.
    pub fn of(record: &Record) -> Result<Self> {
        let text = |name: &str| record.data.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let missing = |name: &str| Error::Encode(format!("the record has no {name}"));
        Ok(Self {
            sealed: text("session").ok_or_else(|| missing("session"))?,
            person: text("person").ok_or_else(|| missing("person"))?,
            provider_session: text("provider_session"),
            version: record
                .data
                .get("version")
                .and_then(|value| value.as_i64())
                .ok_or_else(|| missing("version"))?,
            expires_at: record.expiry_date.unix_timestamp(),
        })
    }

    /// Puts it together again.
    ///
    /// # Errors
    /// `Decode` where the store holds an impossible time.
    pub fn into_record(self, id: SessionId) -> Result<Record> {
        let expiry_date = OffsetDateTime::from_unix_timestamp(self.expires_at)
            .map_err(|error| Error::Decode(error.to_string()))?;
        let mut data = std::collections::HashMap::from([
            ("session".to_owned(), self.sealed.into()),
            ("person".to_owned(), self.person.into()),
            ("version".to_owned(), self.version.into()),
        ]);
        if let Some(provider_session) = self.provider_session {
            data.insert("provider_session".to_owned(), provider_session.into());
        }
        Ok(Record { id, data, expiry_date })
    }
}

/// What `SessionStore::save` answers, by what `replace` did.
pub fn saved(replaced: Replaced) -> Result<()> {
    match replaced {
        Replaced::Done => Ok(()),
        Replaced::Conflict => Err(Error::Backend("the session was changed meanwhile".into())),
        Replaced::Ended => Err(Error::Backend("the session has ended".into())),
    }
}
