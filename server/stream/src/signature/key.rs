use std::{fmt, str::FromStr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use thiserror::Error;

use super::canonical::Message;

/// The shortest key, in bytes: as long as what it makes (RFC 2104, section 3).
const SHORTEST_KEY: usize = 32;
/// The longest name of a key.
const LONGEST_ID: usize = 64;

/// What a key is called in signatures: letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Arc<str>);

/// It cannot be the name of a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no key id: up to {LONGEST_ID} letters, digits, '.', '_' and '-'")]
pub struct KeyIdError(String);

impl KeyId {
    /// As it stands in a signature.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(id: &str) -> Result<Self, KeyIdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        match !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(allowed) {
            true => Ok(Self(id.into())),
            false => Err(KeyIdError(id.chars().take(LONGEST_ID).collect())),
        }
    }
}

/// A secret that signs records and tells whether it signed one.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

/// The secret is no key. It says nothing of what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a signing key has at least {SHORTEST_KEY} bytes in base64; `openssl rand -base64 32` makes one")]
pub struct SigningKeyError;

impl SigningKey {
    /// Takes at least 32 random bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, SigningKeyError> {
        if bytes.len() < SHORTEST_KEY {
            return Err(SigningKeyError);
        }
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| SigningKeyError)
    }

    /// The same from base64, as secrets are kept.
    pub fn from_base64(text: &str) -> Result<Self, SigningKeyError> {
        Self::new(&STANDARD.decode(text.trim()).map_err(|_| SigningKeyError)?)
    }

    /// HMAC-SHA256 (RFC 2104) over the canonical bytes, to be finished or compared.
    pub(super) fn over(&self, message: &Message<'_>) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        message.write(|bytes| mac.update(bytes));
        mac
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_can_stand_in_a_header_between_spaces() {
        for id in ["", "a b", "a\n", "ä", &"x".repeat(65)] {
            assert!(id.parse::<KeyId>().is_err(), "{id:?}");
        }
        assert_eq!("chat-2026.1_a".parse::<KeyId>().expect("an id").as_str(), "chat-2026.1_a");
    }

    #[test]
    fn a_short_key_is_refused_and_none_is_ever_shown() {
        assert_eq!(SigningKey::new(&[1; 31]).err(), Some(SigningKeyError));
        assert_eq!(SigningKey::from_base64("not base64!").err(), Some(SigningKeyError));
        let key =
            SigningKey::from_base64(" AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").expect("32 bytes");
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }
}
