//! `portico-signature`: who wrote a record, and that nobody changed it. `docs/events.md` specifies it for every language,
//! with test vectors.

mod canonical;
mod key;
mod keyring;
#[cfg(test)]
mod vectors;

pub(crate) use canonical::Message;
pub use key::{KeyId, KeyIdError, SigningKey, SigningKeyError};
pub(crate) use keyring::SignatureError;
pub use keyring::{Keyring, Producer};

/// The header that carries a record's signature.
pub(crate) const HEADER: &str = "portico-signature";
