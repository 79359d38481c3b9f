use serde::Deserialize;

use super::jwt::AccessTokenClaims;
use super::{BearerToken, ExchangeError};
use crate::answer;
use crate::provider::Provider;

/// RFC 7662, section 2.2.
#[derive(Deserialize)]
struct Introspected {
    active: bool,
    #[serde(flatten)]
    claims: AccessTokenClaims,
}

/// What the provider says about an opaque token.
pub(super) async fn introspect(
    provider: &Provider,
    token: &BearerToken,
) -> Result<AccessTokenClaims, ExchangeError> {
    let fields = [("token", token.secret()), ("token_type_hint", "access_token")];
    let Some(answer) = provider.post_introspection(&fields).await? else {
        return Err(ExchangeError::Answer("the provider has no introspection endpoint"));
    };
    if answer.status() != http::StatusCode::OK {
        return Err(super::response::failure(&answer));
    }
    let introspected: Introspected = answer::json(&answer)
        .map_err(|_| ExchangeError::Answer("what introspection says of the access token cannot be read"))?;
    if introspected.active {
        Ok(introspected.claims)
    } else {
        Err(ExchangeError::Answer("introspection says that the access token is not active"))
    }
}
