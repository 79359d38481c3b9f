//! The development identity provider: OpenID Connect on loopback, with demo accounts and organizations.
//!
//! It behaves as a provider in production does (discovery, code + PKCE, refresh rotation, RFC 8693 token exchange,
//! logout with back-channel notice), so that the portal has one code path for both. It signs anyone in without a
//! password, which is why [`DevIdp::new`] refuses an issuer that is not loopback and any production environment.
//!
//! [`router`] is nested under the path of the issuer.

mod claims;
mod config;
mod demo;
mod failure;
mod idp;
mod issue;
mod keys;
mod ledger;
mod logout;
mod memory;
mod pages;
mod params;
mod peer;
mod pkce;
mod routes;
mod scope;
mod secret;
mod store;

pub use config::{Audience, Client, DevIdpConfig, DevIdpError, Environment, Lifetimes};
pub use demo::{Account, Membership, Organization};
pub use failure::{Endpoint, Failure};
pub use idp::DevIdp;
pub use ledger::{IssuedToken, TokenKind};
pub use logout::LogoutTarget;
pub use routes::{SESSION_COOKIE, router};
