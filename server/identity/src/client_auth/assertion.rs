use std::sync::Arc;

use portico_ports::{Random, token};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::signing::{SignError, SigningKey};

/// `private_key_jwt`: a key that signs a fresh assertion for every call.
#[derive(Clone, Debug)]
pub struct PrivateKeyJwt {
    /// The private key; the provider has its public half.
    pub key: Arc<SigningKey>,
    /// Whom the assertions are addressed to.
    pub audience: AssertionAudience,
}

/// The `aud` of client assertions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssertionAudience {
    /// The issuer identifier: what one provider is told cannot be replayed at another that names a common endpoint
    /// (the update of RFC 7523, "rfc7523bis").
    #[default]
    Issuer,
    /// The URL of the token endpoint, for providers that insist (Microsoft Entra ID).
    TokenEndpoint,
}

/// The value of `client_assertion_type` (RFC 7523, section 2.2).
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Long enough for clocks that differ and calls that take time; a leaked one is soon worthless.
const LIFETIME: Duration = Duration::minutes(1);

/// RFC 7523, section 3.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

impl PrivateKeyJwt {
    /// An assertion of `client_id` for `aud`, good for one call.
    pub(super) fn assertion(
        &self,
        client_id: &str,
        aud: &str,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Result<String, SignError> {
        self.key.jwt(&Claims {
            iss: client_id,
            sub: client_id,
            aud,
            jti: token::<16>(random),
            iat: now.unix_timestamp(),
            exp: (now + LIFETIME).unix_timestamp(),
        })
    }
}
