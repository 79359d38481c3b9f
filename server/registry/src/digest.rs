//! Subresource Integrity of bytes (W3C SRI, section 3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// Whether `bytes` have the hash that `integrity` names. Hashes are public, so time is no secret here.
pub(crate) fn matches(bytes: &[u8], integrity: &str) -> bool {
    integrity_of(bytes, integrity).is_some_and(|actual| actual == integrity)
}

/// The hash of `bytes` by the algorithm that `like` uses, written the same way.
pub(crate) fn integrity_of(bytes: &[u8], like: &str) -> Option<String> {
    let (algorithm, _) = like.split_once('-')?;
    let hash = match algorithm {
        "sha256" => STANDARD.encode(Sha256::digest(bytes)),
        "sha384" => STANDARD.encode(Sha384::digest(bytes)),
        "sha512" => STANDARD.encode(Sha512::digest(bytes)),
        _ => return None,
    };
    Some(format!("{algorithm}-{hash}"))
}
