use bytes::Bytes;
use portico_ports::Random;
use serde_json::{Map, Value, value::RawValue};
use thiserror::Error;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::IncomingEvent;

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
pub struct StampedEvent {
    /// The client's id, or a fresh one.
    pub id: String,
    /// The CloudEvent as it goes into the log.
    pub json: Bytes,
}

impl IncomingEvent {
    /// Sets `orgid`, `userid`, `time`, `traceparent`, and `id` where the client gave none; refuses an event that names
    /// another remote, organization or user than its author's.
    pub fn stamp(
        self,
        author: Author<'_>,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Result<StampedEvent, ConflictError> {
        if self.source != author.remote {
            return Err(ConflictError::Source);
        }
        if self.orgid.as_deref().is_some_and(|org| org != author.org) {
            return Err(ConflictError::Organization);
        }
        if self.userid.as_deref().is_some_and(|user| user != author.user) {
            return Err(ConflictError::User);
        }
        let id = self.id.unwrap_or_else(|| uuid(random));
        // A date of this clock always has an RFC 3339 form: years 0 to 9999.
        let time = now.format(&Rfc3339).unwrap_or_default();
        let mut attributes = Map::new();
        let mut set = |name: &str, value: &str| attributes.insert(name.into(), Value::from(value));
        set("specversion", "1.0");
        set("id", &id);
        set("source", author.remote);
        set("type", &self.kind);
        set("time", &time);
        set("orgid", author.org);
        set("userid", author.user);
        if let Some(traceparent) = author.traceparent {
            set("traceparent", traceparent);
        }
        Ok(StampedEvent { json: compose(&attributes, &self.passing), id })
    }
}

/// Joins the server's attributes and the client's members, the latter byte for byte.
fn compose(attributes: &Map<String, Value>, passing: &[(String, Box<RawValue>)]) -> Bytes {
    let mut json = Value::Object(attributes.clone()).to_string();
    json.pop();
    for (name, value) in passing {
        json.push(',');
        json.push_str(&Value::from(name.as_str()).to_string());
        json.push(':');
        json.push_str(value.get());
    }
    json.push('}');
    Bytes::from(json)
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
