use std::fmt;

use thiserror::Error;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field, as a JSON pointer (RFC 6901); empty for the whole document.
    pub field: String,
    /// What is wrong and what is expected.
    pub reason: String,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.field, self.reason)
        }
    }
}

/// Why a manifest was not accepted: every problem that was found, at least one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct ManifestError {
    /// In the order of the fields.
    pub problems: Vec<FieldProblem>,
}

impl ManifestError {
    pub(super) fn one(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { problems: vec![FieldProblem { field: field.into(), reason: reason.into() }] }
    }
}
