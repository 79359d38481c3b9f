use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use super::Secret;

/// Where one secret comes from.
#[async_trait]
pub trait SecretSource: Send + Sync + 'static {
    /// What logs, errors and the audit trail call it: the place, never the value.
    fn name(&self) -> &str;

    /// Reads it as it is now.
    async fn fetch(&self) -> Result<Fetched, SecretError>;
}

/// A secret as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The value.
    pub secret: Secret,
    /// Its version, where the source counts them.
    pub version: Option<u64>,
    /// How long it may be used, where the source says so: it is read again before that.
    pub valid_for: Option<Duration>,
}

/// Why a secret could not be read. Each says what to look at, and none the value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SecretError {
    /// Nothing is there, or nothing but white space.
    #[error("{name} is not set")]
    Absent {
        /// The source.
        name: String,
    },
    /// It cannot be read.
    #[error("{name} cannot be read: {reason}")]
    Unreadable {
        /// The source.
        name: String,
        /// What the system said.
        reason: String,
    },
    /// The portal may not read it.
    #[error("{name}: the server refuses it ({status})")]
    Refused {
        /// The source.
        name: String,
        /// Its status.
        status: u16,
    },
    /// The server gives no usable answer.
    #[error("{name}: the server gives no usable answer: {reason}")]
    Unavailable {
        /// The source.
        name: String,
        /// What was wrong with it.
        reason: String,
    },
    /// What was read is not what it is needed for.
    #[error("{name} is not usable: {reason}")]
    Unusable {
        /// The source.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Fetched {
    /// `value` without version or end; none where it is empty.
    pub fn plain(name: &str, value: String) -> Result<Self, SecretError> {
        let secret = Secret::new(value);
        match secret.expose().is_empty() {
            true => Err(SecretError::Absent { name: name.to_owned() }),
            false => Ok(Self { secret, version: None, valid_for: None }),
        }
    }
}
