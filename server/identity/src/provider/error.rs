use portico_ports::HttpClientError;
use thiserror::Error;

use crate::signing::SignError;

/// Why the provider did not give us what we asked.
#[derive(Debug, Error)]
pub enum ProviderError {
    /// It did not answer within the limit. Worth another try.
    #[error("the identity provider did not answer in time")]
    Timeout,
    /// It could not be reached, or is not well. Worth another try.
    #[error("the identity provider is not available: {0}")]
    Unavailable(String),
    /// Its answer is not what the specifications say. Nothing of it was used.
    #[error("the identity provider's answer cannot be used: {0}")]
    Nonsense(String),
    /// It refused with an error code (RFC 6749, section 5.2).
    #[error("the identity provider refused: {code}")]
    Refused {
        /// `invalid_grant`, `invalid_client`, …
        code: String,
    },
    /// The id_token failed verification (OpenID Connect Core, section 3.1.3.7).
    #[error("the id_token is not acceptable: {0}")]
    IdToken(String),
}

impl ProviderError {
    /// Whether the same may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Timeout | Self::Unavailable(_))
    }
}

impl From<HttpClientError> for ProviderError {
    fn from(error: HttpClientError) -> Self {
        match error {
            HttpClientError::Timeout => Self::Timeout,
            HttpClientError::Connection(_) => Self::Unavailable(error.to_string()),
            HttpClientError::TooLarge => Self::Nonsense(error.to_string()),
        }
    }
}

impl From<SignError> for ProviderError {
    fn from(error: SignError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
