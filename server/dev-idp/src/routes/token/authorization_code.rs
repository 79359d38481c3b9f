use super::TokenError;
use crate::config::Client;
use crate::idp::DevIdp;
use crate::issue::TokenResponse;
use crate::params::Params;
use crate::pkce;
use crate::store::Code;

/// Redeems a code once (RFC 6749, section 4.1.3; RFC 7636, section 4.6).
pub(super) fn redeem(idp: &DevIdp, client: &Client, params: &Params) -> Result<TokenResponse, TokenError> {
    let code = params.one("code")?.ok_or(TokenError::InvalidRequest("code is missing"))?;
    let redirect_uri =
        params.one("redirect_uri")?.ok_or(TokenError::InvalidRequest("redirect_uri is missing"))?;
    let verifier =
        params.one("code_verifier")?.ok_or(TokenError::InvalidRequest("code_verifier is missing"))?;

    let (grant_id, code) = take(idp, client, code)?;
    if code.redirect_uri != redirect_uri {
        return Err(TokenError::InvalidGrant("redirect_uri is not the one the code was sent to"));
    }
    if !pkce::verifies(verifier, &code.code_challenge) {
        return Err(TokenError::InvalidGrant("code_verifier does not match code_challenge"));
    }

    let refresh_token = {
        let now = idp.now();
        let mut store = idp.store.lock();
        store.grants.add(now, grant_id.clone(), code.grant.clone());
        store.grants.new_refresh_token(now, idp.random(), &grant_id)
    };
    let scope = &code.grant.scope;
    let mut tokens = idp.issue_login((&grant_id, &code.grant), scope, code.nonce.as_deref())?;
    tokens.refresh_token = idp.hand_out_refresh_token(refresh_token);
    Ok(tokens)
}

/// Marks the code as used, whatever comes of it. A code used before revokes what it bought (RFC 9700, section 2.1.1).
fn take(idp: &DevIdp, client: &Client, code: &str) -> Result<(String, Code), TokenError> {
    let refused = TokenError::InvalidGrant("the code is unknown, expired or used");
    let grant_id = idp.new_id();
    let mut store = idp.store.lock();
    let Some(record) =
        store.codes.get_mut(idp.now(), code).filter(|record| record.client_id == client.client_id)
    else {
        return Err(refused);
    };
    if let Some(bought) = record.redeemed_as.clone() {
        store.grants.revoke(&bought);
        tracing::warn!(client.id = client.client_id, "authorization code used twice; its tokens are revoked");
        return Err(refused);
    }
    record.redeemed_as = Some(grant_id.clone());
    Ok((grant_id, record.clone()))
}
