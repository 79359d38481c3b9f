use thiserror::Error;

/// Why a document cannot be used: where, as a JSON pointer into it, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{reason}", if pointer.is_empty() { String::new() } else { format!("#{pointer}: ") })]
pub struct DocumentError {
    /// The place in the document (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What is wrong and what is expected.
    pub reason: String,
}

impl DocumentError {
    pub(crate) fn new(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), reason: reason.into() }
    }
}
