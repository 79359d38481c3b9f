use std::fmt::Write as _;

use serde_path_to_error::Segment;

use super::validate::validate;
use super::{MANIFEST_MAX_BYTES, Manifest, ManifestError};

impl Manifest {
    /// Reads a manifest and checks every rule that needs no grant.
    ///
    /// # Errors
    /// What cannot be read at all (not JSON, an unknown or missing field, a wrong type) is one problem, since nothing
    /// behind it can be judged; broken rules are all listed.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MANIFEST_MAX_BYTES {
            let reason = format!("expected at most {MANIFEST_MAX_BYTES} bytes, found {}", bytes.len());
            return Err(ManifestError::one("", reason));
        }
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let manifest: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let reason = error.inner().to_string();
            ManifestError::one(pointer(error.path(), &reason), reason)
        })?;
        json.end().map_err(|error| ManifestError::one("", error.to_string()))?;
        let problems = validate(&manifest);
        if problems.is_empty() { Ok(manifest) } else { Err(ManifestError { problems }) }
    }
}

/// The JSON pointer of the field that could not be read. A missing or unknown field is not on the path to where reading
/// stopped: serde only names it, between backticks, so it is added from there.
fn pointer(path: &serde_path_to_error::Path, reason: &str) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => _ = write!(pointer, "/{index}"),
            Segment::Map { key } | Segment::Enum { variant: key } => _ = write!(pointer, "/{}", escape(key)),
            Segment::Unknown => {}
        }
    }
    for announced in ["unknown field `", "missing field `", "duplicate field `"] {
        let named = reason.strip_prefix(announced).and_then(|rest| rest.split('`').next());
        if let Some(field) = named.map(escape).filter(|field| !pointer.ends_with(&format!("/{field}"))) {
            _ = write!(pointer, "/{field}");
        }
    }
    pointer
}

/// A key as a part of a JSON pointer (RFC 6901, section 3).
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
