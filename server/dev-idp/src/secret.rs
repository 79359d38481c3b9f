use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Whether two secrets are equal, in a time that tells neither their content nor their lengths.
pub(crate) fn equal(left: &str, right: &str) -> bool {
    Sha256::digest(left.as_bytes()).ct_eq(&Sha256::digest(right.as_bytes())).into()
}
