use super::TokenError;
use super::target::{self, Target};
use crate::config::Client;
use crate::idp::DevIdp;
use crate::issue::{ACCESS_TOKEN_TYPE, TokenResponse};
use crate::params::Params;

/// Trades a client's own access token for one that a single upstream accepts (RFC 8693, section 2.1).
pub(super) fn exchange(idp: &DevIdp, client: &Client, params: &Params) -> Result<TokenResponse, TokenError> {
    let subject_token =
        params.one("subject_token")?.ok_or(TokenError::InvalidRequest("subject_token is missing"))?;
    check_types(params)?;
    let Target { audience, scope } = target::of(idp, params)?;

    let refused = TokenError::InvalidRequest("subject_token is not a current access token of this client");
    let Some((claims, (grant_id, grant))) = idp.verify_access_token(subject_token) else {
        return Err(refused);
    };
    // An exchanged token has another audience: it cannot be traded on, so no upstream can reach another one with it.
    if claims.client_id != client.client_id || claims.aud != idp.issuer || !grant.is_of_a_login() {
        return Err(refused);
    }
    let actor = actor(idp, client, params)?;
    Ok(idp.issue_exchanged((&grant_id, &grant), actor, &audience, &scope)?)
}

fn check_types(params: &Params) -> Result<(), TokenError> {
    match params.one("subject_token_type")? {
        Some(ACCESS_TOKEN_TYPE) => {}
        Some(_) => return Err(TokenError::InvalidRequest("subject_token_type must be an access token")),
        None => return Err(TokenError::InvalidRequest("subject_token_type is missing")),
    }
    if params.one("requested_token_type")?.is_some_and(|asked| asked != ACCESS_TOKEN_TYPE) {
        return Err(TokenError::InvalidRequest("requested_token_type must be an access token"));
    }
    Ok(())
}

/// Who acts for the subject: whoever the actor token is about, or else the client that asks.
fn actor(idp: &DevIdp, client: &Client, params: &Params) -> Result<String, TokenError> {
    let token = match (params.one("actor_token")?, params.one("actor_token_type")?) {
        (None, None) => return Ok(client.client_id.clone()),
        (None, Some(_)) => return Err(TokenError::InvalidRequest("actor_token is missing")),
        (Some(token), Some(ACCESS_TOKEN_TYPE)) => token,
        (Some(_), _) => return Err(TokenError::InvalidRequest("actor_token_type must be an access token")),
    };
    let refused = TokenError::InvalidRequest("actor_token is not a current token of the client itself");
    let (claims, (_, grant)) = idp.verify_access_token(token).ok_or(refused)?;
    if claims.client_id == client.client_id && claims.aud == idp.issuer && !grant.is_of_a_login() {
        Ok(claims.sub)
    } else {
        Err(TokenError::InvalidRequest("actor_token is not a current token of the client itself"))
    }
}
