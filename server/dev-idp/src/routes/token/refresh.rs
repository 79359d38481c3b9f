use super::TokenError;
use crate::config::Client;
use crate::idp::DevIdp;
use crate::issue::TokenResponse;
use crate::ledger::TokenKind;
use crate::params::Params;
use crate::scope::Scope;
use crate::store::{Grant, RefreshError};

/// Trades a refresh token for new tokens and a new refresh token (RFC 6749, section 6, with rotation).
///
/// With `organization`, an extension that providers with organizations have, the tokens are for that one from now on.
pub(super) fn refresh(idp: &DevIdp, client: &Client, params: &Params) -> Result<TokenResponse, TokenError> {
    let presented =
        params.one("refresh_token")?.ok_or(TokenError::InvalidRequest("refresh_token is missing"))?;
    let asked = params.one("scope")?.map(Scope::parse);
    let organization = params.one("organization")?;

    let now = idp.now();
    let mut store = idp.store.lock();
    // What is asked for is looked at first, so that a refused wish does not cost the client its token.
    if let Some((_, grant)) = store.grants.of_refresh_token(now, presented)
        && grant.client_id == client.client_id
    {
        check_wishes(idp, grant, asked.as_ref(), organization)?;
    }
    let redeemed = store.grants.redeem(now, &client.client_id, presented);
    let (grant_id, mut grant) = redeemed.map_err(|error| {
        if error == RefreshError::Reused {
            tracing::warn!(client.id = client.client_id, "refresh token used twice; its family is revoked");
        }
        TokenError::InvalidGrant("the refresh token is unknown, expired, revoked or used")
    })?;
    if let Some(organization) = organization {
        store.grants.move_to(now, &grant_id, organization);
        organization.clone_into(&mut grant.org_id);
    }
    let next = store.grants.new_refresh_token(now, idp.random(), &grant_id);
    drop(store);

    let scope = asked.as_ref().unwrap_or(&grant.scope);
    let mut tokens = idp.issue_login((&grant_id, &grant), scope, None)?;
    tokens.refresh_token = idp.hand_out_refresh_token(next);
    Ok(tokens)
}

fn check_wishes(
    idp: &DevIdp,
    grant: &Grant,
    scope: Option<&Scope>,
    organization: Option<&str>,
) -> Result<(), TokenError> {
    if scope.is_some_and(|scope| !scope.is_within(&grant.scope)) {
        return Err(TokenError::InvalidScope("scope is wider than what was granted"));
    }
    let account = idp.account(&grant.sub);
    let is_member =
        |organization| account.as_ref().is_some_and(|account| account.membership(organization).is_some());
    match organization {
        Some(organization) if !is_member(organization) => {
            Err(TokenError::InvalidRequest("the account is not a member of the organization"))
        }
        _ => Ok(()),
    }
}

impl DevIdp {
    /// Notes a refresh token as issued on its way out.
    pub(super) fn hand_out_refresh_token(&self, refresh_token: Option<String>) -> Option<String> {
        refresh_token.inspect(|value| self.ledger.record(TokenKind::Refresh, value))
    }
}
