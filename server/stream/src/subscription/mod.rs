//! One browser's stream: from its first bytes through the past to the live feed.

mod cursor;
mod resume;
mod stream;
mod verify;

pub(crate) use cursor::Cursor;
pub(crate) use resume::Resume;
pub use stream::EventStream;
pub(crate) use verify::{Verdict, missing_anchors, verify};

use thiserror::Error;

use crate::{
    EventType,
    hub::{OpenError, StreamScope},
    position::DecodeIdError,
};

/// Who wants to listen to what. The caller has authenticated the session and checked the types against its
/// entitlements.
#[derive(Clone, Copy, Debug)]
pub struct Subscription<'a> {
    /// The session; its end ends the stream.
    pub session_id: &'a str,
    /// The session's organization.
    pub org: &'a str,
    /// The session's user.
    pub user: &'a str,
    /// The event types to carry, all of them allowed to this person.
    pub types: &'a [EventType],
    /// Where the client left off: the `Last-Event-ID` header or, on a first connect, the parameter.
    pub last_event_id: Option<&'a str>,
}

/// Why there is no stream.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum SubscribeError {
    /// The id was not made here: 400.
    #[error("the event id was not issued here")]
    ForgedId,
    /// The id was made for another organization or another person: 403.
    #[error("the event id was issued to someone else")]
    ForeignId,
    /// Too many open streams: 429, or 503 where another instance may have room.
    #[error("too many open streams for this {0}")]
    TooManyStreams(StreamScope),
    /// The session has ended in the meantime: 401.
    #[error("the session has ended")]
    SessionEnded,
    /// The log has not been reached yet, or the instance goes down: 503.
    #[error("the event stream is not available now")]
    NotReady,
}

impl From<DecodeIdError> for SubscribeError {
    fn from(error: DecodeIdError) -> Self {
        match error {
            DecodeIdError::Forged => Self::ForgedId,
            DecodeIdError::Foreign => Self::ForeignId,
        }
    }
}

impl From<OpenError> for SubscribeError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::TooMany(what) => Self::TooManyStreams(what),
            OpenError::SessionEnded => Self::SessionEnded,
            OpenError::ShuttingDown => Self::NotReady,
        }
    }
}
