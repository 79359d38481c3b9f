//! Secrets that are not made by an identity provider: where they come from, and how they are kept current.
//!
//! A [`SecretSource`] is asked again and again ([`Kept`]); what it said last holds until it says something else. No value
//! is ever in an error, a log line or debug output.

mod file;
mod kept;
mod secret;
mod source;
mod vault;

pub use file::FileSecret;
pub use kept::{Apply, Kept, Turn};
pub use secret::Secret;
pub use source::{Fetched, SecretError, SecretSource};
pub use vault::{Vault, VaultAuth, VaultConfig, VaultPlace};
