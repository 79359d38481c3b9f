use std::fmt;

use url::Url;

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
    /// Our secret there; sent by `client_secret_basic`.
    pub client_secret: Option<Secret>,
    /// `<public_url>/auth/callback`.
    pub redirect_uri: Url,
    /// Where the provider sends the browser after logout.
    pub post_logout_redirect_uri: Url,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
}
