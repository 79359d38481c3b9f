use url::Url;

use super::TokenError;
use crate::config::{Audience, Client};
use crate::idp::DevIdp;
use crate::issue::{ACCESS_TOKEN_TYPE, TokenResponse};
use crate::params::Params;
use crate::scope::Scope;

/// Trades a client's own access token for one that a single upstream accepts (RFC 8693, section 2.1).
pub(super) fn exchange(idp: &DevIdp, client: &Client, params: &Params) -> Result<TokenResponse, TokenError> {
    let subject_token =
        params.one("subject_token")?.ok_or(TokenError::InvalidRequest("subject_token is missing"))?;
    check_types(params)?;
    let audience = audience(idp, params)?;
    let scope = scope(audience, params)?;

    let refused = TokenError::InvalidRequest("subject_token is not a current access token of this client");
    let Some((claims, (grant_id, grant))) = idp.verify_access_token(subject_token) else {
        return Err(refused);
    };
    // An exchanged token has another audience: it cannot be traded on, so no upstream can reach another one with it.
    if claims.client_id != client.client_id || claims.aud != idp.issuer {
        return Err(refused);
    }
    Ok(idp.issue_exchanged((&grant_id, &grant), &audience.audience, &scope)?)
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
    if params.one("actor_token")?.is_some() || params.one("actor_token_type")?.is_some() {
        return Err(TokenError::InvalidRequest("actor_token is not supported; the client is the actor"));
    }
    Ok(())
}

/// The one upstream asked for: by `audience`, by `resource` (RFC 8707), or by both naming the same.
fn audience<'a>(idp: &'a DevIdp, params: &Params) -> Result<&'a Audience, TokenError> {
    let is_absolute = |uri: &str| Url::parse(uri).is_ok_and(|uri| uri.fragment().is_none());
    if !params.all("resource").all(is_absolute) {
        return Err(TokenError::InvalidTarget("resource must be an absolute URI without a fragment"));
    }
    let mut asked = params.all("audience").chain(params.all("resource"));
    let first = asked.next().ok_or(TokenError::InvalidRequest("audience is missing"))?;
    if asked.any(|other| other != first) {
        return Err(TokenError::InvalidTarget("one token is for one audience"));
    }
    idp.audience(first).ok_or(TokenError::InvalidTarget("the audience is unknown"))
}

/// What is asked for must all be known for the audience; without `scope` the token has everything it knows.
fn scope(audience: &Audience, params: &Params) -> Result<Scope, TokenError> {
    let known = Scope::of(&audience.scopes);
    match params.one("scope")?.map(Scope::parse).filter(|asked| !asked.is_empty()) {
        None => Ok(known),
        Some(asked) if asked.is_within(&known) => Ok(asked),
        Some(_) => Err(TokenError::InvalidScope("the audience does not know this scope")),
    }
}
