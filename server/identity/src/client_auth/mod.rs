//! How the portal proves at a provider's endpoints that it is the registered client.
//!
//! Every call to a provider goes through [`form_post`]: redeeming codes, refreshing, revoking, exchanging, pushing
//! authorization requests, introspecting.

mod assertion;
mod form;

pub use assertion::{AssertionAudience, PrivateKeyJwt};
pub(crate) use form::{ClientCall, form_post};

use crate::provider::Secret;

/// The method that the client is registered with (OpenID Connect Core 1.0, section 9), with what it needs.
#[derive(Clone, Debug)]
pub enum ClientAuth {
    /// `none`: a public client names itself by `client_id` alone.
    None,
    /// `client_secret_basic` (RFC 6749, section 2.3.1).
    SecretBasic(Secret),
    /// `client_secret_post`, for providers that take nothing else.
    SecretPost(Secret),
    /// `private_key_jwt` (RFC 7523, section 2.2): no secret is shared with the provider.
    PrivateKeyJwt(PrivateKeyJwt),
}

#[cfg(test)]
mod tests;
