use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Value, value::RawValue};
use thiserror::Error;

use super::{Attributes, CONTENT_TYPE, DATA_CONTENT_TYPE, JsonMember, PREFIX, PayloadError, payload};
use crate::{envelope::Members, log::LogRecord};

/// An event as a record carries it.
#[derive(Debug)]
pub(crate) struct RecordedEvent<'a> {
    pub(crate) attributes: Attributes<'a>,
    /// The data as the binary mode carries it; empty where there is none.
    pub(crate) data: Cow<'a, [u8]>,
    /// The event as it is written, in the structured mode.
    written: Option<&'a Bytes>,
}

/// Why a record is no event.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum UnreadableRecord {
    #[error("its headers cannot be read")]
    Headers,
    #[error("an attribute stands twice")]
    Repeated,
    #[error("the header of an attribute has no proper name, or no text")]
    Attribute,
    #[error("its content type is of no mode that is read here")]
    Mode,
    #[error("it has no body")]
    Empty,
    #[error("{0}")]
    Json(String),
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

impl<'a> RecordedEvent<'a> {
    /// Reads a record in the mode that its content type tells. One that has neither content type nor attributes in its
    /// headers is taken for the structured mode.
    pub(crate) fn read(record: &'a LogRecord) -> Result<Self, UnreadableRecord> {
        let headers = record.headers.as_deref().ok_or(UnreadableRecord::Headers)?;
        let content_type = one(headers, CONTENT_TYPE)?;
        match content_type.map(str::to_ascii_lowercase) {
            Some(mode) if mode.starts_with("application/cloudevents") => {
                match mode.split(';').next().map(str::trim) {
                    Some("application/cloudevents+json") => Self::structured(record),
                    _ => Err(UnreadableRecord::Mode),
                }
            }
            None if headers.iter().all(|(name, _)| !name.starts_with(PREFIX)) => Self::structured(record),
            _ => Self::binary(record, headers, content_type),
        }
    }

    /// The event in JSON: as it is written, or put together from its headers and its body.
    pub(crate) fn json(&self) -> Result<Bytes, PayloadError> {
        if let Some(written) = self.written {
            return Ok(written.clone());
        }
        let mut json = String::with_capacity(self.data.len() + 512);
        for (name, value) in self.attributes.iter() {
            json.push(if json.is_empty() { '{' } else { ',' });
            json.push('"');
            json.push_str(name);
            json.push_str("\":");
            json.push_str(&Value::from(value).to_string());
        }
        payload::put(&mut json, &self.data, self.attributes.get(DATA_CONTENT_TYPE))?;
        json.push('}');
        Ok(Bytes::from(json))
    }

    fn binary(
        record: &'a LogRecord,
        headers: &'a [(Box<str>, Bytes)],
        content_type: Option<&'a str>,
    ) -> Result<Self, UnreadableRecord> {
        let mut attributes = Vec::with_capacity(headers.len());
        for (name, value) in headers {
            let Some(name) = name.strip_prefix(PREFIX) else { continue };
            let is_named = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && !matches!(name, "data" | DATA_CONTENT_TYPE);
            let value = std::str::from_utf8(value).ok().filter(|_| is_named);
            attributes.push((name.into(), value.ok_or(UnreadableRecord::Attribute)?.into()));
        }
        attributes.extend(content_type.map(|value| (DATA_CONTENT_TYPE.into(), value.into())));
        let attributes = Attributes::new(attributes).ok_or(UnreadableRecord::Repeated)?;
        let data = Cow::Borrowed(record.value.as_deref().unwrap_or_default());
        Ok(Self { attributes, data, written: None })
    }

    fn structured(record: &'a LogRecord) -> Result<Self, UnreadableRecord> {
        let unreadable = |reason: &str| UnreadableRecord::Json(reason.into());
        let body = record.value.as_ref().ok_or(UnreadableRecord::Empty)?;
        let text = std::str::from_utf8(body).map_err(|_| unreadable("the body is not UTF-8"))?;
        let Members(members) =
            serde_json::from_str(text).map_err(|error| UnreadableRecord::Json(place(&error)))?;
        let (mut attributes, mut data) = (Vec::with_capacity(members.len()), None);
        for (name, value) in members {
            let member = match &*name {
                "data" => Some(JsonMember::Data(value)),
                "data_base64" => Some(JsonMember::Base64(value)),
                _ => None,
            };
            if let Some(member) = member {
                if data.replace(member).is_some() {
                    return Err(unreadable("it has two forms of data"));
                }
            } else if let Some(value) = text_of(value)? {
                attributes.push((name, value));
            }
        }
        // Members are distinct already.
        let attributes = Attributes::new(attributes).ok_or(UnreadableRecord::Repeated)?;
        let data = match data {
            Some(member) => member.bytes(attributes.get(DATA_CONTENT_TYPE))?,
            None => Cow::Borrowed([].as_slice()),
        };
        Ok(Self { attributes, data, written: Some(body) })
    }
}

/// The text of a header that may stand once.
fn one<'a>(headers: &'a [(Box<str>, Bytes)], name: &str) -> Result<Option<&'a str>, UnreadableRecord> {
    let mut found = headers.iter().filter(|(known, _)| **known == *name);
    let first = found.next();
    if found.next().is_some() {
        return Err(UnreadableRecord::Repeated);
    }
    let text = first.map(|(_, value)| std::str::from_utf8(value).map_err(|_| UnreadableRecord::Attribute));
    text.transpose()
}

/// The string form of an attribute in JSON; `None` for one that is null, which is as good as absent.
fn text_of(value: &RawValue) -> Result<Option<Cow<'_, str>>, UnreadableRecord> {
    let invalid = || UnreadableRecord::Json("an attribute is neither text nor number nor boolean".into());
    match value.get().as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'{' | b'[') | None => Err(invalid()),
        Some(b'"') if !value.get().contains('\\') => {
            // Nothing is escaped: what stands between the quotes is the text.
            Ok(Some(Cow::Borrowed(&value.get()[1..value.get().len() - 1])))
        }
        Some(b'"') => {
            serde_json::from_str(value.get()).map(|text: String| Some(text.into())).map_err(|_| invalid())
        }
        Some(_) => Ok(Some(Cow::Borrowed(value.get()))),
    }
}

/// Where the JSON goes wrong. The error's own words quote the body, which must not get into the log.
fn place(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "it is no object whose members are distinct",
        _ => "it is not JSON",
    };
    format!("{kind}, line {} column {}", error.line(), error.column())
}
