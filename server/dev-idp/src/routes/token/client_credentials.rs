use super::TokenError;
use super::target::{self, Target};
use crate::config::Client;
use crate::idp::DevIdp;
use crate::issue::TokenResponse;
use crate::params::Params;
use crate::scope::Scope;

/// Hands out a token of the client's own (RFC 6749, section 4.4): for one upstream, or, without an audience, for this
/// provider, where it says who acts in an exchange.
pub(super) fn issue(idp: &DevIdp, client: &Client, params: &Params) -> Result<TokenResponse, TokenError> {
    let mut asked = params.all("audience").chain(params.all("resource"));
    if asked.all(|audience| audience == idp.issuer) {
        return match params.one("scope")? {
            None => Ok(idp.issue_own(client, &idp.issuer, &Scope::default())?),
            Some(_) => Err(TokenError::InvalidScope("a token for the provider has no scope")),
        };
    }
    let Target { audience, scope } = target::of(idp, params)?;
    Ok(idp.issue_own(client, &audience, &scope)?)
}
