use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use thiserror::Error;

use crate::frame;

/// A record that can be routed: whose it is, and the CloudEvent as it stands in the log.
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
pub(crate) enum UnroutableRecord {
    #[error("no CloudEvent in structured JSON: {0}")]
    Unreadable(String),
    #[error("no orgid")]
    NoOrganization,
}

/// The attributes that routing needs. The rest, `data` included, is checked to be JSON and not built.
#[derive(Deserialize)]
struct Attributes<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    orgid: Option<String>,
    #[serde(default)]
    userid: Option<String>,
}

impl RoutedEvent {
    /// Reads a record's body (CloudEvents 1.0, JSON event format, structured mode).
    pub(crate) fn parse(value: Option<&Bytes>) -> Result<Self, UnroutableRecord> {
        let unreadable = |reason: &str| UnroutableRecord::Unreadable(reason.into());
        let json = value.ok_or_else(|| unreadable("the record has no body"))?;
        let text = std::str::from_utf8(json).map_err(|_| unreadable("the body is not UTF-8"))?;
        let event: Attributes<'_> =
            serde_json::from_str(text).map_err(|error| UnroutableRecord::Unreadable(place(&error)))?;
        if event.specversion != "1.0" {
            return Err(unreadable("specversion is not 1.0"));
        }
        if !frame::is_event_type(&event.kind) {
            return Err(unreadable("the type cannot stand in a stream"));
        }
        let org = event.orgid.filter(|org| !org.is_empty()).ok_or(UnroutableRecord::NoOrganization)?;
        // An empty userid is a mistake of its sender, and must not become "everyone".
        if event.userid.as_deref() == Some("") {
            return Err(unreadable("userid is empty"));
        }
        Ok(Self {
            org,
            user: event.userid,
            kind: event.kind,
            source: event.source,
            id: event.id,
            json: json.clone(),
        })
    }
}

/// Where the JSON goes wrong. The error's own words quote the body, which must not get into the log.
fn place(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "an attribute is missing, twice there or of the wrong type",
        _ => "it is not JSON",
    };
    format!("{kind}, line {} column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &'static str) -> Result<RoutedEvent, UnroutableRecord> {
        RoutedEvent::parse(Some(&Bytes::from_static(json.as_bytes())))
    }

    #[test]
    fn a_record_without_organization_is_told_apart_from_an_unreadable_one() {
        let anonymous = parse(r#"{"specversion":"1.0","id":"1","source":"s","type":"a.b"}"#);
        assert_eq!(anonymous.err(), Some(UnroutableRecord::NoOrganization));
        for json in ["", "{", "[]", "null", r#"{"specversion":"1.0"}"#] {
            assert!(matches!(parse(json), Err(UnroutableRecord::Unreadable(_))), "{json}");
        }
    }

    #[test]
    fn case_65_a_record_whose_type_would_inject_a_line_is_skipped() {
        let json = r#"{"specversion":"1.0","id":"1","source":"s","type":"a.b\nevent: c","orgid":"acme"}"#;
        assert!(matches!(parse(json), Err(UnroutableRecord::Unreadable(_))));
    }

    #[test]
    fn a_record_that_names_its_organization_twice_is_skipped() {
        let json =
            r#"{"specversion":"1.0","id":"1","source":"s","type":"a.b","orgid":"acme","orgid":"globex"}"#;
        assert!(matches!(parse(json), Err(UnroutableRecord::Unreadable(_))));
    }

    #[test]
    fn raw_control_characters_inside_strings_are_not_json() {
        assert!(matches!(
            parse(
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"a.b\",\"orgid\":\"o\",\"data\":\"a\nb\"}"
            ),
            Err(UnroutableRecord::Unreadable(_))
        ));
    }
}
