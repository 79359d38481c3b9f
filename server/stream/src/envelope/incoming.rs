use bytes::Bytes;
use serde_json::value::RawValue;
use thiserror::Error;

use super::{depth, members::Members};
use crate::{
    binding::{DATA_CONTENT_TYPE, JsonMember, PayloadError, is_json},
    frame,
};

/// The largest event accepted, in bytes of its JSON, envelope included.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;
/// How deep arrays and objects may nest, envelope included.
const MAX_DEPTH: usize = 64;
/// The longest `id`, `source`, `subject` or extension value, in bytes.
const MAX_ATTRIBUTE_BYTES: usize = 1024;
/// The longest extension name (CloudEvents 1.0.2, section "Attribute Naming Convention").
const MAX_NAME_BYTES: usize = 20;

/// An event as it came from a remote: checked, not yet attributed to anyone.
#[derive(Debug)]
pub struct IncomingEvent {
    pub(super) id: Option<String>,
    pub(super) source: String,
    pub(super) kind: String,
    pub(super) orgid: Option<String>,
    pub(super) userid: Option<String>,
    /// Attributes that pass as they are: `subject`, what describes the data, extensions.
    pub(super) passing: Vec<(String, String)>,
    /// The data as a record carries it: of JSON, the very bytes. Empty where there is none.
    pub(super) data: Bytes,
}

/// What is wrong with an event's envelope.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Larger than [`MAX_EVENT_BYTES`].
    #[error("an event has at most {MAX_EVENT_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// Not a JSON object in UTF-8, or a member stands twice.
    #[error("an event is one JSON object: {0}")]
    Malformed(String),
    /// Nested deeper than the limit.
    #[error("an event nests at most {MAX_DEPTH} deep")]
    TooDeep,
    /// A required attribute is not there.
    #[error("the attribute {0:?} is missing")]
    Missing(&'static str),
    /// An attribute that is there is not what CloudEvents or the portal asks for.
    #[error("the attribute {name:?} {reason}")]
    Invalid {
        /// The attribute.
        name: String,
        /// What it should be.
        reason: &'static str,
    },
}

impl IncomingEvent {
    /// Reads a CloudEvent 1.0 in structured JSON.
    pub fn parse(body: &[u8]) -> Result<Self, EnvelopeError> {
        if body.len() > MAX_EVENT_BYTES {
            return Err(EnvelopeError::TooLarge(body.len()));
        }
        let text =
            std::str::from_utf8(body).map_err(|_| EnvelopeError::Malformed("it is not UTF-8".into()))?;
        if !depth::is_within(text, MAX_DEPTH) {
            return Err(EnvelopeError::TooDeep);
        }
        let members: Members<'_> =
            serde_json::from_str(text).map_err(|error| EnvelopeError::Malformed(error.to_string()))?;
        let mut draft = Draft::default();
        for (name, value) in members.0 {
            draft.take(&name, value)?;
        }
        draft.finish()
    }

    /// The event's type, such as `chat.message`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name of the remote that it says it is from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What makes two events with one id the same: type, attributes with their values, data.
    pub(crate) fn content(&self) -> impl Iterator<Item = &[u8]> {
        let attributes = self.passing.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        std::iter::once(self.kind.as_bytes()).chain(attributes).chain(std::iter::once(&*self.data))
    }

    /// The id that the client gave it.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// What has been read so far.
#[derive(Default)]
struct Draft<'a> {
    specversion: Option<String>,
    id: Option<String>,
    source: Option<String>,
    kind: Option<String>,
    orgid: Option<String>,
    userid: Option<String>,
    content_type: Option<String>,
    data: Option<JsonMember<'a>>,
    passing: Vec<(String, String)>,
}

impl<'a> Draft<'a> {
    fn take(&mut self, name: &str, value: &'a RawValue) -> Result<(), EnvelopeError> {
        match name {
            "specversion" => self.specversion = string(name, value)?,
            "id" => self.id = string(name, value)?,
            "source" => self.source = string(name, value)?,
            "type" => self.kind = string(name, value)?,
            "orgid" => self.orgid = string(name, value)?,
            "userid" => self.userid = string(name, value)?,
            // The server says when, and which action was the cause.
            "time" | "traceparent" | "tracestate" => drop(string(name, value)?),
            "data" => self.take_data(name, JsonMember::Data(value))?,
            "data_base64" => self.take_data(name, JsonMember::Base64(value))?,
            DATA_CONTENT_TYPE => self.content_type = string(name, value)?,
            "subject" | "dataschema" => self.pass(name, string(name, value)?),
            _ => self.pass(name, extension(name, value)?),
        }
        Ok(())
    }

    fn pass(&mut self, name: &str, value: Option<String>) {
        self.passing.extend(value.map(|value| (name.into(), value)));
    }

    fn take_data(&mut self, name: &str, member: JsonMember<'a>) -> Result<(), EnvelopeError> {
        match self.data.replace(member) {
            None => Ok(()),
            Some(_) => Err(invalid(name, "stands beside another form of data")),
        }
    }

    fn finish(mut self) -> Result<IncomingEvent, EnvelopeError> {
        let specversion = self.specversion.take().ok_or(EnvelopeError::Missing("specversion"))?;
        if specversion != "1.0" {
            return Err(invalid("specversion", "must be \"1.0\""));
        }
        let kind = self.kind.take().ok_or(EnvelopeError::Missing("type"))?;
        if !frame::is_event_type(&kind) {
            return Err(invalid("type", "must be letters, digits, '.', '_' and '-', with a dot"));
        }
        let source = self.source.take().ok_or(EnvelopeError::Missing("source"))?;
        let data = self.finish_data()?;
        let Self { id, orgid, userid, passing, .. } = self;
        Ok(IncomingEvent { id, source, kind, orgid, userid, passing, data })
    }

    /// The data's bytes. Its type is said from here on, since a record's headers have to tell its mode.
    fn finish_data(&mut self) -> Result<Bytes, EnvelopeError> {
        let (content_type, data) = (self.content_type.take(), self.data);
        let Some(member) = data else {
            self.passing.extend(content_type.map(|value| (DATA_CONTENT_TYPE.into(), value)));
            return Ok(Bytes::new());
        };
        let (name, usual) = match member {
            JsonMember::Data(_) => ("data", "application/json"),
            JsonMember::Base64(_) => ("data_base64", "application/octet-stream"),
        };
        let content_type = content_type.unwrap_or_else(|| usual.into());
        if content_type.to_ascii_lowercase().starts_with("application/cloudevents") {
            return Err(invalid(DATA_CONTENT_TYPE, "is of an event, not of its data"));
        }
        let is_json = is_json(Some(&content_type));
        if let JsonMember::Data(value) = member
            && !is_json
            && !value.get().starts_with('"')
        {
            return Err(invalid(name, "must be a string where datacontenttype is not JSON"));
        }
        let bytes = member.bytes(Some(&content_type)).map_err(|error| match error {
            PayloadError::NotBase64 => invalid(name, "must be base64"),
            PayloadError::NotText | PayloadError::NotJson => invalid(name, "must be text"),
        })?;
        if is_json && serde_json::from_slice::<&RawValue>(&bytes).is_err() {
            return Err(invalid(name, "is not the JSON that datacontenttype says"));
        }
        self.passing.push((DATA_CONTENT_TYPE.into(), content_type));
        Ok(Bytes::from(bytes.into_owned()))
    }
}

/// A context attribute: a string, not empty, not endless, without control characters. One that is `null` is absent (CloudEvents 1.0.2,
/// JSON format, section 2.2).
fn string(name: &str, value: &RawValue) -> Result<Option<String>, EnvelopeError> {
    let text: Option<String> =
        serde_json::from_str(value.get()).map_err(|_| invalid(name, "must be a string"))?;
    let Some(text) = text else { return Ok(None) };
    if text.is_empty() {
        return Err(invalid(name, "must not be empty"));
    }
    if text.len() > MAX_ATTRIBUTE_BYTES {
        return Err(invalid(name, "is longer than 1024 bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(name, "must not contain control characters"));
    }
    Ok(Some(text))
}

/// An extension attribute: lower-case letters and digits; a string, a number or a boolean. One that is null is absent.
fn extension(name: &str, value: &RawValue) -> Result<Option<String>, EnvelopeError> {
    let named = !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !named {
        return Err(invalid(name, "is no attribute name: up to 20 lower-case letters and digits"));
    }
    match value.get().as_bytes().first() {
        Some(b'"') => string(name, value),
        Some(b'{' | b'[') => Err(invalid(name, "must be a string, a number or a boolean")),
        Some(b'n') => Ok(None),
        _ => Ok(Some(value.get().into())),
    }
}

fn invalid(name: &str, reason: &'static str) -> EnvelopeError {
    EnvelopeError::Invalid { name: name.chars().take(64).collect(), reason }
}
