use serde_json::Value;

use crate::error::DocumentError;

/// The longest document that is read, in bytes: a thousand operations fit.
pub const DOCUMENT_MAX_BYTES: usize = 4 * 1024 * 1024;

/// The document as a JSON value. JSON where the file's name says so, YAML (of which JSON is a part) otherwise.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Value, DocumentError> {
    if bytes.len() > DOCUMENT_MAX_BYTES {
        let reason = format!("expected at most {DOCUMENT_MAX_BYTES} bytes, found {}", bytes.len());
        return Err(DocumentError::new("", reason));
    }
    if name.to_ascii_lowercase().ends_with(".json") {
        return serde_json::from_slice(bytes).map_err(|error| DocumentError::new("", error.to_string()));
    }
    yaml_serde::from_slice(bytes).map_err(|error| DocumentError::new("", error.to_string()))
}
