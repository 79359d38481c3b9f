use std::fmt;

use portico_contracts::FieldProblem;
use serde::Serialize;

/// Why a manifest is not in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadProblem {
    /// The file or URL at fault.
    pub file: String,
    /// The remote's name, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// The field at fault, as a JSON pointer (RFC 6901); empty for the whole file.
    pub field: String,
    /// What is wrong and what is expected.
    pub reason: String,
    /// Whether an earlier, good manifest from the same place is still in use instead.
    pub last_good_kept: bool,
}

impl LoadProblem {
    pub(crate) fn new(file: impl Into<String>, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            remote: None,
            field: field.into(),
            reason: reason.into(),
            last_good_kept: false,
        }
    }

    pub(crate) fn of_field(file: &str, problem: FieldProblem) -> Self {
        Self::new(file, problem.field, problem.reason)
    }

    pub(crate) fn of_remote(self, name: &str) -> Self {
        Self { remote: Some(name.to_owned()), ..self }
    }
}

impl fmt::Display for LoadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if !self.field.is_empty() {
            write!(f, " {}", self.field)?;
        }
        write!(f, ": {}", self.reason)
    }
}
