use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::Notify;

use crate::signing::{SigningAlgorithm, SigningKey, SigningKeyError};

/// The private key of a GitHub App, which may change at any time: a token is made with the key that is there, without waiting.
#[derive(Default)]
pub struct GitHubAppKey {
    key: RwLock<Option<Arc<SigningKey>>>,
    refused: Arc<Notify>,
}

impl GitHubAppKey {
    /// Signs with the first private key of `pem` from now on: RSA, PKCS#1 (as GitHub hands it out) or PKCS#8.
    ///
    /// # Errors
    /// Where there is no such key, or it is not for RS256, the one algorithm that GitHub takes. The key before stays then.
    pub fn replace(&self, pem: &str) -> Result<(), SigningKeyError> {
        let key = SigningKey::from_pem(pem, SigningAlgorithm::Rs256, None)?;
        *self.key.write() = Some(Arc::new(key));
        Ok(())
    }

    /// Notified when GitHub did not take what it signed: perhaps there is a newer one.
    pub fn refused(&self) -> Arc<Notify> {
        Arc::clone(&self.refused)
    }

    /// None until one was read.
    pub(super) fn current(&self) -> Option<Arc<SigningKey>> {
        self.key.read().clone()
    }

    pub(super) fn tell_refused(&self) {
        self.refused.notify_one();
    }
}

impl fmt::Debug for GitHubAppKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GitHubAppKey").finish_non_exhaustive()
    }
}
