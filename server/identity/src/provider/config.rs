use std::fmt;

use url::Url;

use super::OrganizationClaims;
use crate::client_auth::ClientAuth;

/// A text that must not be shown: client secrets, keys. `Debug` prints none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// One OpenID provider, as its operator configured it.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The issuer identifier, exactly as its discovery document states it.
    pub issuer: Url,
    /// Our `client_id` there.
    pub client_id: String,
    /// How we prove there that we are that client.
    pub client_auth: ClientAuth,
    /// `<public_url>/auth/callback`.
    pub redirect_uri: Url,
    /// Where the provider sends the browser after logout.
    pub post_logout_redirect_uri: Url,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// Whether authorization requests are pushed.
    pub par: Par,
    /// Which claims say what organizations a person belongs to.
    pub organization_claims: OrganizationClaims,
    /// Claims of the id_token, besides the standard ones, that sessions keep for policies.
    pub claims: Vec<String>,
}

/// When authorization requests are pushed to the provider, so that the browser carries none of their parameters
/// (RFC 9126).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Par {
    /// Wherever the provider's discovery document names the endpoint for it.
    #[default]
    Auto,
    /// Not even where the provider offers it.
    Never,
    /// Always; a provider without the endpoint is no provider to sign in with.
    Required,
}
