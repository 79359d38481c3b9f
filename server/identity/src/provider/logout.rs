use url::Url;

use super::logout_token::{self, LogoutToken, LogoutTokenError};
use super::{Provider, ProviderError, tokens};

/// A request to end the provider's session too (RP-Initiated Logout 1.0).
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequest<'a> {
    /// The id_token of the session that ends.
    pub id_token: &'a str,
}

impl Provider {
    /// The origin of the end-session endpoint once it is known, for the CSP's `form-action`.
    pub fn end_session_origin(&self) -> Option<String> {
        let discovered = self.known()?;
        Some(discovered.extras.end_session_endpoint.as_ref()?.origin().ascii_serialization())
    }

    /// The URL that ends the provider's session, or none where it has no such endpoint.
    pub fn logout_url(&self, request: LogoutRequest<'_>) -> Option<Url> {
        let discovered = self.known()?;
        let mut url = discovered.extras.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("id_token_hint", request.id_token)
            .append_pair("client_id", &self.config().client_id)
            .append_pair("post_logout_redirect_uri", self.config().post_logout_redirect_uri.as_str());
        Some(url)
    }

    /// Revokes a refresh token (RFC 7009), best effort within the client's time limit.
    ///
    /// # Errors
    /// Where the provider could not be asked or did not do it.
    pub async fn revoke(&self, refresh_token: &str) -> Result<(), ProviderError> {
        let discovered = self.discovered().await?;
        let Some(endpoint) = &discovered.extras.revocation_endpoint else { return Ok(()) };
        let fields = [("token", refresh_token), ("token_type_hint", "refresh_token")];
        let answer = self.post(endpoint, &discovered, &fields).await?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(tokens::failed(&answer, "the revocation endpoint"))
        }
    }

    /// Verifies a logout token that claims to come from this provider (Back-Channel Logout 1.0, section 2.6).
    ///
    /// It does not remember what it has seen: the caller refuses a [`jti`](LogoutToken::jti) that was used before.
    ///
    /// # Errors
    /// [`LogoutTokenError::Provider`] where the provider's keys could not be had, which the sender may try again;
    /// anything else is a refusal for good.
    pub async fn verify_logout_token(&self, jwt: &str) -> Result<LogoutToken, LogoutTokenError> {
        let now = self.now();
        self.with_keys(|discovered| logout_token::verify(jwt, discovered, self.config(), now)).await
    }
}
