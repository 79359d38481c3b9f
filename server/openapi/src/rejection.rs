use std::fmt;

use thiserror::Error;

/// The part of a request that a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A parameter in the path.
    Path,
    /// A parameter in the query.
    Query,
    /// A header field.
    Header,
    /// The body.
    Body,
}

impl Place {
    /// As problems spell it, like the document's `in`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Body => "body",
        }
    }
}

/// What is wrong with one field. The caller's value is in neither text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where the field is.
    pub place: Place,
    /// The field: a JSON pointer as a URI fragment (RFC 6901, section 6; RFC 9457, section 3), `#/title`.
    pub pointer: String,
    /// What is wrong and what is expected.
    pub detail: String,
}

/// The longest pointer that is repeated to the caller: member names are the caller's own.
const LONGEST_POINTER: usize = 200;

impl FieldProblem {
    /// About what a JSON pointer names.
    pub fn new(place: Place, pointer: &str, detail: impl Into<String>) -> Self {
        let mut shown = crate::pointer::fragment(pointer);
        if shown.len() > LONGEST_POINTER {
            shown.truncate(LONGEST_POINTER);
            shown.push('…');
        }
        Self { place, pointer: shown, detail: detail.into() }
    }

    /// About a parameter.
    pub fn parameter(place: Place, name: &str, detail: impl Into<String>) -> Self {
        Self::new(place, &format!("/{}", crate::pointer::escape(name)), detail)
    }
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.place.as_str(), self.pointer, self.detail)
    }
}

/// Why a request is not forwarded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// Path, query or header fields do not fit, a body is there that is not expected or the other way round: 400.
    #[error("the request does not fit the service's description: {}", listed(.0))]
    Parameters(Vec<FieldProblem>),
    /// The body is not JSON, or JSON that two readers could understand differently: 400.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// Another content type than the description lists: 415. Holds what it lists.
    #[error("the body's content type is none of: {}", .0.join(", "))]
    ContentType(Vec<String>),
    /// The body does not fit its schema: 422.
    #[error("the body does not fit the service's description: {}", listed(.0))]
    Body(Vec<FieldProblem>),
}

fn listed(problems: &[FieldProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Rejection {
    /// The fields that are named, if any.
    pub fn fields(&self) -> &[FieldProblem] {
        match self {
            Self::Parameters(problems) | Self::Body(problems) => problems,
            Self::NotJson(_) | Self::ContentType(_) => &[],
        }
    }
}
