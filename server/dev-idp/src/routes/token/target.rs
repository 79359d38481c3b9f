use url::Url;

use super::TokenError;
use crate::config::Audience;
use crate::idp::DevIdp;
use crate::params::Params;
use crate::scope::Scope;

/// What a token is asked for.
pub(super) struct Target {
    pub(super) audience: String,
    pub(super) scope: Scope,
}

/// The one upstream that `params` ask for, and what for.
pub(super) fn of(idp: &DevIdp, params: &Params) -> Result<Target, TokenError> {
    let known = audience(idp, params)?;
    let scope = scope(&known, params)?;
    Ok(Target { audience: known.audience, scope })
}

/// By `audience`, by `resource` (RFC 8707), or by both naming the same.
fn audience(idp: &DevIdp, params: &Params) -> Result<Audience, TokenError> {
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
