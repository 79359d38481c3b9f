//! Detached signatures of manifests: Ed25519 (RFC 8032) over the exact bytes.

mod development;
mod trust;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portico_contracts::FieldProblem;
use serde::{Deserialize, Serialize};

pub(crate) use development::DevelopmentKey;
pub use development::DevelopmentKeyError;
pub use trust::TrustedKey;
pub(crate) use trust::TrustedKeys;

/// The only algorithm; its name is in the file so that a second one can be told apart some day.
const ALGORITHM: &str = "Ed25519";

/// What a signature is over begins so: a signature made for anything else never fits a manifest.
const DOMAIN: &str = "portico-manifest-signature-v1";

/// `remote.sig.json`: who signed the manifest beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignatureFile {
    /// The key, by the id under which it is trusted.
    pub key_id: String,
    /// `Ed25519`.
    pub algorithm: String,
    /// 64 bytes in base64 (RFC 4648, section 4), over [`signed_bytes`].
    pub signature: String,
    /// When it was made: RFC 3339. It is signed too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signed_at: Option<String>,
}

/// What is signed: a line each with the purpose, the key's id, the remote's name and the time of signing (empty where
/// there is none), then the manifest, byte for byte.
///
/// The name is bound, so that a signature says which remote it is for even to one who has not read the manifest.
pub fn signed_bytes(key_id: &str, name: &str, signed_at: Option<&str>, manifest: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{DOMAIN}\n{key_id}\n{name}\n{}\n", signed_at.unwrap_or_default()).into_bytes();
    bytes.extend_from_slice(manifest);
    bytes
}

impl SignatureFile {
    /// Reads a signature file. What its fields say is not checked yet.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, FieldProblem> {
        // A signature file has a few hundred bytes.
        const LONGEST: usize = 8 * 1024;
        let problem = |field: &str, reason: String| FieldProblem { field: field.to_owned(), reason };
        if bytes.len() > LONGEST {
            return Err(problem("", format!("expected at most {LONGEST} bytes, found {}", bytes.len())));
        }
        let file: Self = serde_json::from_slice(bytes).map_err(|error| problem("", error.to_string()))?;
        // A line break in these would let a signature be read in two ways.
        let plain = |text: &str| text.len() <= 128 && text.bytes().all(|b| b.is_ascii_graphic());
        if !plain(&file.key_id) {
            return Err(problem("/keyId", "expected at most 128 printable characters".to_owned()));
        }
        if !plain(file.signed_at.as_deref().unwrap_or_default()) {
            return Err(problem("/signedAt", "expected a time as RFC 3339 writes it".to_owned()));
        }
        if file.algorithm != ALGORITHM {
            return Err(problem("/algorithm", format!("expected {ALGORITHM}, found {:?}", file.algorithm)));
        }
        Ok(file)
    }

    fn signature_bytes(&self) -> Option<[u8; 64]> {
        STANDARD.decode(&self.signature).ok()?.try_into().ok()
    }
}
