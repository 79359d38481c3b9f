use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A CloudEvent in structured JSON form (CloudEvents 1.0.2, JSON event format).
///
/// `data` is kept as the sender wrote it: key order, big numbers and duplicate keys survive.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CloudEvent {
    /// `1.0`.
    pub specversion: String,
    /// Unique together with `source`.
    pub id: String,
    /// The remote's name, `@scope/name`, for events published through the portal.
    pub source: String,
    /// Contains a dot, such as `chat.message`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the event is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time: Option<String>,
    /// `application/json` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub datacontenttype: Option<String>,
    /// Extension attribute: the organization the event belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub orgid: Option<String>,
    /// Extension attribute: the person it is for; absent means everyone in the organization who may subscribe.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub userid: Option<String>,
    /// Extension attribute: W3C Trace Context of the action that caused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub traceparent: Option<String>,
    /// The payload, untouched.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(test, schemars(with = "serde_json::Value"))]
    pub data: Option<Box<RawValue>>,
}
