//! Authenticated encryption of what leaves the process.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use portico_ports::Random;
use thiserror::Error;

/// A sealed value could not be opened: another key, another purpose, or a changed byte.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the sealed value does not open with any key of the ring")]
pub struct SealError;

/// Authenticated encryption (XChaCha20-Poly1305) for what leaves the process: sessions at rest, login transactions.
///
/// A ring of keys makes rotation possible: the first seals, every one opens.
#[derive(Clone)]
pub struct Sealer {
    ring: Vec<XChaCha20Poly1305>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({} keys)", self.ring.len())
    }
}

const NONCE_BYTES: usize = 24;

impl Sealer {
    /// A ring of 32-byte keys, newest first. `None` when it is empty: nothing could be sealed.
    pub fn new(keys: &[[u8; 32]]) -> Option<Self> {
        let ring: Vec<_> = keys.iter().map(|key| XChaCha20Poly1305::new(key.into())).collect();
        (!ring.is_empty()).then_some(Self { ring })
    }

    /// Seals `plain` for one `purpose`; the result opens for that purpose alone. Base64url text.
    pub fn seal(&self, purpose: &str, plain: &[u8], random: &dyn Random) -> String {
        let mut nonce = [0_u8; NONCE_BYTES];
        random.fill(&mut nonce);
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let sealed = self.ring[0]
            .encrypt(XNonce::from_slice(&nonce), payload)
            .expect("sealing fails only beyond 256 GiB, which no caller reaches");
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens what [`Sealer::seal`] made for the same `purpose`.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<Vec<u8>, SealError> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError)?;
        let (nonce, cipher) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealError)?;
        self.ring
            .iter()
            .find_map(|key| {
                key.decrypt(XNonce::from_slice(nonce), Payload { msg: cipher, aad: purpose.as_bytes() }).ok()
            })
            .ok_or(SealError)
    }
}

#[cfg(test)]
mod tests {
    use portico_ports::OsRandom;

    use super::*;

    #[test]
    fn a_rotated_ring_opens_what_an_older_key_sealed_and_nothing_else() {
        let old = Sealer::new(&[[1; 32]]).expect("one key");
        let rotated = Sealer::new(&[[2; 32], [1; 32]]).expect("two keys");
        let foreign = Sealer::new(&[[3; 32]]).expect("one key");
        let sealed = old.seal("session", b"secret", &OsRandom);
        assert_eq!(rotated.open("session", &sealed).as_deref(), Ok(b"secret".as_slice()));
        assert_eq!(rotated.open("login", &sealed), Err(SealError), "a purpose opens only its own");
        assert_eq!(foreign.open("session", &sealed), Err(SealError));
        assert_eq!(old.open("session", "short"), Err(SealError));
    }
}
