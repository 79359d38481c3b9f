//! The relying party's side of OpenID Connect, over the `openidconnect` crate and the outbound HTTP port.

mod authorization;
mod claims;
mod config;
mod discovered;
mod error;
mod grants;
mod id_token;
mod keys;
mod logout;
mod logout_token;
mod oidc;
mod organizations;
mod tokens;

pub use authorization::AuthorizationRequest;
pub use claims::{OrganizationClaim, PortalClaims};
pub use config::{Par, ProviderConfig, Secret};
pub use error::ProviderError;
pub use grants::Refreshed;
pub use logout::LogoutRequest;
pub use logout_token::{LogoutToken, LogoutTokenError};
pub use oidc::Provider;
pub use organizations::OrganizationClaims;
pub use tokens::SignIn;

#[cfg(test)]
pub(crate) mod tests;
