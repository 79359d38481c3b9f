use serde::{Deserialize, Serialize};

/// An error as `application/problem+json` (RFC 9457), with the trace id that also stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A stable URI reference for this kind of problem, such as `/problems/forbidden`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words; the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This occurrence: what was wrong and what to do.
    pub detail: String,
    /// The path of the request.
    pub instance: String,
    /// The request's trace id (W3C Trace Context), 32 hex digits.
    pub trace_id: String,
    /// The fields that the problem is about, where it is about some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field of a request. The value that was found there is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// `path`, `query`, `header` or `body`.
    #[serde(rename = "in")]
    pub place: String,
    /// The field, as a JSON pointer in a URI fragment: `#/title`.
    pub pointer: String,
    /// What is wrong and what is expected.
    pub detail: String,
}
