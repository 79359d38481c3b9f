use std::fmt;

use async_trait::async_trait;
use thiserror::Error;
use time::OffsetDateTime;

use super::{BearerToken, Scope};
use crate::provider::ProviderError;

/// Trades a session's access token for one that a single upstream accepts.
#[async_trait]
pub trait TokenExchange: Send + Sync + 'static {
    /// One exchange. What comes back has been checked against what was asked.
    ///
    /// # Errors
    /// Whatever goes wrong, there is no token, and the subject token must not take its place.
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError>;
}

/// What is asked for (RFC 8693, section 2.1).
#[derive(Clone, Copy)]
pub struct ExchangeRequest<'a> {
    /// The session's own access token.
    pub subject_token: &'a str,
    /// The upstream, by its logical name. It comes from a granted manifest, never from the browser.
    pub audience: &'a str,
    /// The upstream, by its address (RFC 8707), for providers that want it as well.
    pub resource: Option<&'a str>,
    /// What the token may be used for.
    pub scope: &'a Scope,
}

impl fmt::Debug for ExchangeRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExchangeRequest")
            .field("audience", &self.audience)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// A token for one upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangedToken {
    /// The token.
    pub token: BearerToken,
    /// The audience that was asked for.
    pub audience: String,
    /// What it may be used for: what was asked, or less.
    pub scope: Scope,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// Why there is no token. None of these texts holds one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExchangeError {
    /// The provider did not answer in time.
    #[error("the identity provider did not answer in time")]
    Timeout,
    /// The provider could not be reached, or is not well. Worth another try later.
    #[error("the identity provider is not available: {0}")]
    Unavailable(String),
    /// The provider refused (RFC 6749, section 5.2; RFC 8693, section 2.2.2).
    #[error("the identity provider refused the exchange: {code}")]
    Refused {
        /// `invalid_target`, `invalid_scope`, `invalid_grant`, …
        code: String,
    },
    /// The answer is not what was asked for, so nothing of it is used.
    #[error("the identity provider's answer cannot be used: {0}")]
    Answer(&'static str),
    /// The session ended while the exchange was under way.
    #[error("the session has ended")]
    SessionEnded,
}

impl From<ProviderError> for ExchangeError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Timeout => Self::Timeout,
            ProviderError::Unavailable(why) => Self::Unavailable(why),
            ProviderError::Refused { code } => Self::Refused { code },
            ProviderError::Nonsense(_) | ProviderError::IdToken(_) => {
                Self::Answer("it is not what the specifications say")
            }
        }
    }
}
