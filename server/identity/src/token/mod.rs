//! Token exchange: one short-lived token per upstream, instead of the session's own.
//!
//! [`TokenCache`] is what callers use; it asks a [`TokenExchange`] when it has nothing current. [`Rfc8693`] is the standard,
//! [`Auth0CustomTokenExchange`] and [`EntraOnBehalfOf`] are what those providers have in its place, [`ClientCredentials`]
//! is for calls that nobody is behind, and [`GitHubApp`] is for GitHub, which exchanges nothing and has apps instead;
//! [`ByAudience`] puts it beside a provider.

mod auth0;
mod bearer;
mod by_audience;
mod cache;
mod client_credentials;
mod entra;
mod exchange;
mod github;
mod github_key;
mod introspection;
mod jwt;
mod key;
mod response;
mod rfc8693;
mod scope;
mod shared;
mod slot;
mod slots;

pub use auth0::{Auth0CustomTokenExchange, ReservedTokenType};
pub use bearer::BearerToken;
pub use by_audience::ByAudience;
pub use cache::{CacheLimits, TokenCache};
pub use client_credentials::ClientCredentials;
pub use entra::EntraOnBehalfOf;
pub use exchange::{
    AudienceEvidence, ExchangeError, ExchangeRequest, ExchangedToken, IntrospectionPolicy, Subject,
    TokenExchange,
};
pub use github::{GitHubApp, GitHubAppConfig, Installation};
pub use github_key::GitHubAppKey;
pub use key::{Holder, TokenKey, TokenKeyRef};
pub use rfc8693::Rfc8693;
pub use scope::Scope;
pub use shared::SharedTokens;

#[cfg(test)]
mod tests;
