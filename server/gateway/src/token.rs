use std::fmt;
use std::future::Future;

use http::HeaderValue;
use thiserror::Error;

/// What a token is needed for: the remote's audience and scopes (RFC 8693, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRequest<'a> {
    /// The remote's id, for the log.
    pub remote: &'a str,
    /// The upstream the token is for, and no other.
    pub audience: &'a str,
    /// What it may be used for there.
    pub scopes: &'a [String],
}

/// An access token as the upstream gets it. Made once when it is exchanged, cloned per call without a copy.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(HeaderValue);

/// The token contains characters that fit no header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the access token fits no header field")]
pub struct BadToken;

impl BearerToken {
    /// `token` as an `Authorization` value (RFC 6750, section 2.1).
    pub fn new(token: &str) -> Result<Self, BadToken> {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadToken);
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| BadToken)?;
        // Keeps it out of debug output and of HTTP/2's header tables.
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// An `Authorization` value that is one already, marked as sensitive by whoever made it.
    pub fn prepared(authorization: HeaderValue) -> Result<Self, BadToken> {
        let is_bearer = authorization.as_bytes().starts_with(b"Bearer ") && authorization.is_sensitive();
        if is_bearer { Ok(Self(authorization)) } else { Err(BadToken) }
    }

    pub(crate) fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

/// Why there is no token for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// The session is over: refresh was refused, or it was ended elsewhere.
    #[error("the session is over")]
    SessionOver,
    /// The provider refuses this audience or these scopes.
    #[error("the identity provider refuses a token for this service")]
    Refused,
    /// The provider gives no answer, or no usable one.
    #[error("the identity provider gives no token at the moment")]
    Unavailable,
}

/// Where the exchanged token of one call comes from. Implemented by whoever holds the session.
pub trait TokenSource: Sync {
    /// A token for the session's organization, from the cache or newly exchanged.
    fn token(
        &self,
        request: TokenRequest<'_>,
    ) -> impl Future<Output = Result<BearerToken, TokenError>> + Send;

    /// A newly exchanged token, after the upstream refused `rejected`, which leaves the cache.
    fn fresh(
        &self,
        request: TokenRequest<'_>,
        rejected: &BearerToken,
    ) -> impl Future<Output = Result<BearerToken, TokenError>> + Send;
}

/// No session, so no token: what is public needs none.
#[derive(Clone, Copy, Debug)]
pub struct NoTokens;

impl TokenSource for NoTokens {
    async fn token(&self, _: TokenRequest<'_>) -> Result<BearerToken, TokenError> {
        Err(TokenError::SessionOver)
    }

    async fn fresh(&self, _: TokenRequest<'_>, _: &BearerToken) -> Result<BearerToken, TokenError> {
        Err(TokenError::SessionOver)
    }
}
