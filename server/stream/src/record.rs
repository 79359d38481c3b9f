use bytes::Bytes;
use thiserror::Error;

use crate::{
    binding::{RecordedEvent, UnreadableRecord},
    frame,
    log::LogRecord,
    signature::{HEADER, Keyring, Message, SignatureError},
};

/// A record that can be routed: whose it is, and the CloudEvent in JSON.
#[derive(Debug)]
pub(crate) struct RoutedEvent {
    pub(crate) org: String,
    /// `None` goes to everyone in the organization who may subscribe to the type.
    pub(crate) user: Option<String>,
    pub(crate) kind: String,
    pub(crate) source: String,
    pub(crate) id: String,
    pub(crate) json: Bytes,
}

/// Why a record is skipped.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub(crate) enum SkippedRecord {
    #[error("no CloudEvent: {0}")]
    Unreadable(String),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("no orgid")]
    NoOrganization,
}

impl From<UnreadableRecord> for SkippedRecord {
    fn from(error: UnreadableRecord) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl RoutedEvent {
    /// Reads a record that one of the producers in `keyring` has signed.
    pub(crate) fn read(record: &LogRecord, keyring: &Keyring) -> Result<Self, SkippedRecord> {
        let unreadable = |reason: &str| SkippedRecord::Unreadable(reason.into());
        let event = RecordedEvent::read(record)?;
        let attribute = |name: &str| event.attributes.get(name).filter(|value| !value.is_empty());
        let needed = |name: &str| attribute(name).ok_or_else(|| unreadable(&format!("it has no {name}")));
        if needed("specversion")? != "1.0" {
            return Err(unreadable("its specversion is not 1.0"));
        }
        let (id, source, kind) = (needed("id")?, needed("source")?, needed("type")?);
        if !frame::is_event_type(kind) {
            return Err(unreadable("its type cannot stand in a stream"));
        }
        let message = Message {
            topic: &record.topic,
            key: record.key.as_deref().unwrap_or_default(),
            attributes: &event.attributes,
            data: &event.data,
        };
        keyring.verify(&message, source, signature(record)?)?;
        let org = attribute("orgid").ok_or(SkippedRecord::NoOrganization)?;
        let user = event.attributes.get("userid");
        // An empty userid is a mistake of its sender, and must not become "everyone".
        if user == Some("") {
            return Err(unreadable("its userid is empty"));
        }
        Ok(Self {
            org: org.to_owned(),
            user: user.map(str::to_owned),
            kind: kind.to_owned(),
            source: source.to_owned(),
            id: id.to_owned(),
            json: event.json().map_err(UnreadableRecord::from)?,
        })
    }
}

/// The record's signature; two are none.
fn signature(record: &LogRecord) -> Result<Option<&[u8]>, SignatureError> {
    let mut found = record.headers.iter().flatten().filter(|(name, _)| **name == *HEADER);
    match (found.next(), found.next()) {
        (Some((_, signature)), None) => Ok(Some(signature)),
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(SignatureError::Malformed),
    }
}
