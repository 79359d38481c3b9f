//! Token exchange (RFC 8693): one short-lived token per upstream, instead of the session's own.
//!
//! [`TokenCache`] is what callers use; it asks a [`TokenExchange`] when it has nothing current.

mod bearer;
mod cache;
mod exchange;
mod jwt;
mod response;
mod rfc8693;
mod scope;
mod slot;
mod slots;

pub use bearer::BearerToken;
pub use cache::{CacheLimits, TokenCache, TokenKey};
pub use exchange::{ExchangeError, ExchangeRequest, ExchangedToken, TokenExchange};
pub use rfc8693::Rfc8693;
pub use scope::Scope;

#[cfg(test)]
mod tests;
