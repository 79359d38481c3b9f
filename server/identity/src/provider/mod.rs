//! The relying party's side of OpenID Connect, over the `openidconnect` crate and the outbound HTTP port.

mod claims;
mod config;
mod discovered;
mod error;
mod id_token;
mod oidc;
mod tokens;

pub use claims::{OrganizationClaim, PortalClaims};
pub use config::{ProviderConfig, Secret};
pub use error::ProviderError;
pub use oidc::{AuthorizationRequest, LogoutRequest, Provider, Refreshed};
pub use tokens::SignIn;
