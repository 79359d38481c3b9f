use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::SessionId;

/// What a session is called where its id must not stand: in a store, in the feed, on the account page. It is the SHA-256
/// of the id, so that whoever reads it holds no cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key of the session with this id.
    pub fn of(id: &SessionId) -> Self {
        Self(Sha256::digest(id.0.to_le_bytes()).into())
    }

    /// As a store keeps it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A short name for forms and pages: enough to tell one person's sessions apart.
    pub fn handle(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0[..12])
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({})", self.handle())
    }
}

/// The text is not a session's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a session")]
pub struct KeyError;

impl FromStr for SessionKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError)?;
        bytes.try_into().map(Self).map_err(|_| KeyError)
    }
}

/// A value that sessions are looked up by, hashed with the issuer it belongs to: two issuers with the same `sub` are two
/// people (case 53).
pub(super) fn index_key(issuer: &str, value: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((issuer.len() as u64).to_le_bytes());
    hash.update(issuer);
    hash.update(value);
    URL_SAFE_NO_PAD.encode(hash.finalize())
}
