//! The OpenID providers that people sign in with, side by side.
//!
//! A session belongs to the provider that began it: its tokens are refreshed, exchanged and revoked there and nowhere
//! else.

mod build;
mod collection;
mod exchange;
mod github;
mod no_exchange;

pub use build::{TokenSharing, build};
pub use collection::{Authority, Choice, DEFAULT_NAME, Hints, IdentityProvider, Providers};
