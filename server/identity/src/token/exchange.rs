use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;

use super::{BearerToken, Scope};
use crate::provider::ProviderError;

/// Gives a token that a single upstream accepts, in exchange for a session's access token or for the portal's own calls.
#[async_trait]
pub trait TokenExchange: Send + Sync + 'static {
    /// One exchange. What comes back has been checked against what was asked.
    ///
    /// # Errors
    /// Whatever goes wrong, there is no token, and the subject token must not take its place.
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError>;
}

/// Whom the token acts for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The person whose session has this access token.
    Person(&'a str),
    /// The portal itself, in calls that nobody is behind.
    Portal,
}

impl<'a> From<&'a str> for Subject<'a> {
    fn from(subject_token: &'a str) -> Self {
        Self::Person(subject_token)
    }
}

impl<'a> From<&'a String> for Subject<'a> {
    fn from(subject_token: &'a String) -> Self {
        Self::Person(subject_token)
    }
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Person(_) => "Person(redacted)",
            Self::Portal => "Portal",
        })
    }
}

/// What is asked for (RFC 8693, section 2.1).
#[derive(Clone, Copy, Debug)]
pub struct ExchangeRequest<'a> {
    /// Whom the token acts for.
    pub subject: Subject<'a>,
    /// The organization that the session acts for, if any. A token that says that it is for another one is refused.
    pub organization: Option<&'a str>,
    /// The upstream, by its logical name. It comes from a granted manifest, never from the browser.
    pub audience: &'a str,
    /// The upstream, by its address (RFC 8707), for providers that want it as well.
    pub resource: Option<&'a str>,
    /// What the token may be used for.
    pub scope: &'a Scope,
}

/// A token for one upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangedToken {
    /// The token.
    pub token: BearerToken,
    /// The audience that was asked for.
    pub audience: String,
    /// How it is known that the token is for that audience and no other.
    pub audience_evidence: AudienceEvidence,
    /// What it may be used for: what was asked, or less.
    pub scope: Scope,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// How it is known that a token is for its audience and for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AudienceEvidence {
    /// The token is a JWT, and its `aud` says so (RFC 9068, section 2.2).
    Claim,
    /// The provider's introspection endpoint says so (RFC 7662).
    Introspection,
    /// It is not known: the token is opaque and nobody was asked. The provider is taken at its word.
    Unverified,
}

/// What is done about opaque tokens, whose audience cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntrospectionPolicy {
    /// Nothing: they are [`AudienceEvidence::Unverified`].
    #[default]
    Never,
    /// The provider is asked about each (RFC 7662); one that it does not vouch for is refused.
    OpaqueTokens,
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
    /// What was asked for cannot be had this way, so the provider was not even called.
    #[error("no exchange was tried: {0}")]
    Request(&'static str),
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
