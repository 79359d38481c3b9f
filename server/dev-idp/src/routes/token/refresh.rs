use super::TokenError;
use crate::config::Client;
use crate::idp::DevIdp;
use crate::issue::TokenResponse;
use crate::ledger::TokenKind;
use crate::params::Params;
use crate::scope::Scope;
use crate::store::RefreshError;

/// Trades a refresh token for new tokens and a new refresh token (RFC 6749, section 6, with rotation).
pub(super) fn refresh(idp: &DevIdp, client: &Client, params: &Params) -> Result<TokenResponse, TokenError> {
    let presented =
        params.one("refresh_token")?.ok_or(TokenError::InvalidRequest("refresh_token is missing"))?;
    let asked = params.one("scope")?.map(Scope::parse);

    let now = idp.now();
    let mut store = idp.store.lock();
    // The scope is looked at first, so that a refused one does not cost the client its token.
    if let (Some(asked), Some((_, grant))) = (&asked, store.grants.of_refresh_token(now, presented))
        && grant.client_id == client.client_id
        && !asked.is_within(&grant.scope)
    {
        return Err(TokenError::InvalidScope("scope is wider than what was granted"));
    }
    let redeemed = store.grants.redeem(now, &client.client_id, presented);
    let (grant_id, grant) = redeemed.map_err(|error| {
        if error == RefreshError::Reused {
            tracing::warn!(client.id = client.client_id, "refresh token used twice; its family is revoked");
        }
        TokenError::InvalidGrant("the refresh token is unknown, expired, revoked or used")
    })?;
    let next = store.grants.new_refresh_token(now, idp.random(), &grant_id);
    drop(store);

    let scope = asked.as_ref().unwrap_or(&grant.scope);
    let mut tokens = idp.issue_login((&grant_id, &grant), scope, None)?;
    tokens.refresh_token = idp.hand_out_refresh_token(next);
    Ok(tokens)
}

impl DevIdp {
    /// Notes a refresh token as issued on its way out.
    pub(super) fn hand_out_refresh_token(&self, refresh_token: Option<String>) -> Option<String> {
        refresh_token.inspect(|value| self.ledger.record(TokenKind::Refresh, value))
    }
}
