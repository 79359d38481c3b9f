use std::fmt;
use std::sync::Arc;

use portico_ports::Random;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tower_sessions_core::session::Record;

use super::key::index_key;
use super::store::Row;
use super::{SessionId, SessionState};
use crate::seal::Sealer;

/// Turns sessions into records and back: sealed, with what a store looks them up by beside it as hashes.
///
/// The first key of the ring seals and every one opens, so a new key takes over as sessions are saved.
pub(super) struct Vault {
    sealer: Sealer,
    random: Arc<dyn Random>,
}

/// A session as it comes out of the store.
pub(super) struct Opened {
    pub(super) id: SessionId,
    pub(super) state: SessionState,
    pub(super) version: i64,
    pub(super) expires_at: OffsetDateTime,
}

/// What is sealed: the id too, so that one session's record cannot stand in another's place.
#[derive(Serialize, Deserialize)]
struct Sealed<S> {
    id: String,
    state: S,
}

const PURPOSE: &str = "session";

impl Vault {
    pub(super) fn new(sealer: Sealer, random: Arc<dyn Random>) -> Self {
        Self { sealer, random }
    }

    /// The record of a session that was last used at `seen`.
    pub(super) fn close(
        &self,
        id: SessionId,
        state: &SessionState,
        version: i64,
        seen: OffsetDateTime,
        idle: Duration,
    ) -> Record {
        let plain = serde_json::to_vec(&Sealed { id: id.to_string(), state });
        let plain = plain.expect("a session state always serializes");
        let issuer = &state.person.issuer;
        let row = Row {
            sealed: self.sealer.seal(PURPOSE, &plain, self.random.as_ref()),
            person: index_key(issuer, &state.person.sub),
            provider_session: state.sid.as_deref().map(|sid| index_key(issuer, sid)),
            version,
            expires_at: (seen + idle).min(state.ends_at()).unix_timestamp(),
        };
        row.into_record(id).expect("an instant of the clock is in range")
    }

    /// What a record holds; none where it was sealed with a key that has left the ring, or is not this session's.
    pub(super) fn open(&self, record: &Record) -> Option<Opened> {
        let opened = self.open_row(&Row::of(record).ok()?)?;
        (opened.id == record.id).then_some(opened)
    }

    /// The same for a row that was found by something else than its id.
    pub(super) fn open_row(&self, row: &Row) -> Option<Opened> {
        let plain = self.sealer.open(PURPOSE, &row.sealed).ok()?;
        let sealed: Sealed<SessionState> = serde_json::from_slice(&plain).ok()?;
        Some(Opened {
            id: sealed.id.parse().ok()?,
            state: sealed.state,
            version: row.version,
            expires_at: OffsetDateTime::from_unix_timestamp(row.expires_at).ok()?,
        })
    }

    pub(super) fn new_id(&self) -> SessionId {
        let mut bytes = [0_u8; 16];
        self.random.fill(&mut bytes);
        tower_sessions_core::session::Id(i128::from_le_bytes(bytes))
    }

    /// A name for whoever takes a turn.
    pub(super) fn new_owner(&self) -> i64 {
        let mut bytes = [0_u8; 8];
        self.random.fill(&mut bytes);
        i64::from_le_bytes(bytes)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sealer.fmt(f)
    }
}
