use bytes::Bytes;
use portico_ports::Random;
use thiserror::Error;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::IncomingEvent;
use crate::binding::Attributes;

/// Who publishes, as the session and the request know it.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// The session's organization.
    pub org: &'a str,
    /// The session's user: the record's key.
    pub user: &'a str,
    /// The name of the remote whose grant is used, `@scope/name`.
    pub remote: &'a str,
    /// The request's W3C Trace Context, to be carried on.
    pub traceparent: Option<&'a str>,
}

/// The event claims to be somebody else's.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ConflictError {
    /// `source` is not the remote that publishes.
    #[error("the source must be the remote's name")]
    Source,
    /// `orgid` is there and is not the session's organization.
    #[error("the event names another organization")]
    Organization,
    /// `userid` is there and is not the session's user.
    #[error("the event names another user")]
    User,
}

/// An event with its author, ready for the log.
#[derive(Clone, Debug)]
pub(crate) struct StampedEvent {
    /// The client's id, or a fresh one.
    pub(crate) id: String,
    pub(crate) attributes: Attributes<'static>,
    pub(crate) data: Bytes,
}

impl IncomingEvent {
    /// Refuses an event that names another remote, organization or user than its author's.
    pub(crate) fn check(&self, author: Author<'_>) -> Result<(), ConflictError> {
        if self.source != author.remote {
            return Err(ConflictError::Source);
        }
        if self.orgid.as_deref().is_some_and(|org| org != author.org) {
            return Err(ConflictError::Organization);
        }
        if self.userid.as_deref().is_some_and(|user| user != author.user) {
            return Err(ConflictError::User);
        }
        Ok(())
    }

    /// Sets `orgid`, `userid`, `time`, `traceparent`, and `id` where the client gave none.
    pub(crate) fn stamp(
        self,
        author: Author<'_>,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Result<StampedEvent, ConflictError> {
        self.check(author)?;
        let id = self.id.unwrap_or_else(|| uuid(random));
        let mut attributes = self.passing;
        let mut set = |name: &str, value: &str| attributes.push((name.into(), value.into()));
        set("specversion", "1.0");
        set("id", &id);
        set("source", author.remote);
        set("type", &self.kind);
        // A date of this clock always has an RFC 3339 form: years 0 to 9999.
        set("time", &now.format(&Rfc3339).unwrap_or_default());
        set("orgid", author.org);
        set("userid", author.user);
        if let Some(traceparent) = author.traceparent {
            set("traceparent", traceparent);
        }
        let attributes = attributes.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        // What passes is none of those that are set here, and each name stands once in what was read.
        let attributes = Attributes::new(attributes).unwrap_or_default();
        Ok(StampedEvent { id, attributes, data: self.data })
    }
}

/// A random UUID (RFC 9562, section 5.4).
fn uuid(random: &dyn Random) -> String {
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = |range: std::ops::Range<usize>| {
        bytes[range].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    format!("{}-{}-{}-{}-{}", hex(0..4), hex(4..6), hex(6..8), hex(8..10), hex(10..16))
}
