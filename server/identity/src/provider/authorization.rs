use http::StatusCode;
use openidconnect::core::CoreAuthenticationFlow;
use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, Scope};
use serde::Deserialize;
use url::Url;

use super::discovered::Discovered;
use super::{Par, Provider, ProviderError, organizations, tokens};
use crate::answer;

/// The parts of an authorization request that a login keeps until its callback.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// Unguessable, checked at the callback.
    pub state: &'a str,
    /// Unguessable, comes back inside the id_token.
    pub nonce: &'a str,
    /// RFC 7636: 43 to 128 unreserved characters.
    pub code_verifier: &'a str,
    /// Further parameters: `organization`, `invitation`, `prompt`, `login_hint`.
    pub extra: &'a [(&'a str, &'a str)],
}

impl Provider {
    /// The URL that starts a login: code flow with PKCE S256 (RFC 7636), state and nonce.
    ///
    /// Where the request is pushed (RFC 9126), the URL names only the client and the request.
    ///
    /// # Errors
    /// Where the provider is not to be had, or does not take the pushed request.
    pub async fn authorization_url(&self, request: AuthorizationRequest<'_>) -> Result<Url, ProviderError> {
        let discovered = self.discovered().await?;
        let url = self.whole_url(&discovered, request);
        let endpoint = match self.config().par {
            Par::Never => None,
            Par::Auto | Par::Required => discovered.extras.pushed_authorization_request_endpoint.as_ref(),
        };
        match endpoint {
            Some(endpoint) => self.pushed(&discovered, endpoint, &url).await,
            None if self.config().par == Par::Required => {
                Err(ProviderError::Nonsense("it takes no pushed authorization requests".into()))
            }
            None => Ok(url),
        }
    }

    /// Checks the `iss` of an authorization response (RFC 9207) before its code goes anywhere.
    ///
    /// # Errors
    /// Where it is another issuer's, or missing although this provider promised it.
    pub async fn check_response_issuer(&self, iss: Option<&str>) -> Result<(), ProviderError> {
        let discovered = self.discovered().await?;
        match iss {
            Some(iss) if iss == discovered.issuer => Ok(()),
            Some(_) => Err(ProviderError::Nonsense("the response names another issuer".into())),
            None if discovered.extras.authorization_response_iss_parameter_supported => {
                Err(ProviderError::Nonsense("the response lacks the iss it promised".into()))
            }
            None => Ok(()),
        }
    }

    fn whole_url(&self, discovered: &Discovered, request: AuthorizationRequest<'_>) -> Url {
        let (state, nonce) = (request.state.to_owned(), request.nonce.to_owned());
        let verifier = PkceCodeVerifier::new(request.code_verifier.to_owned());
        let mut url = discovered
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(organizations::scopes(self.config(), request.extra).map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for (name, value) in request.extra {
            url = url.add_extra_param(*name, *value);
        }
        url.url().0
    }

    /// Hands the parameters of `url` to the provider and keeps its reference to them (RFC 9126, sections 2 and 4).
    async fn pushed(&self, discovered: &Discovered, endpoint: &Url, url: &Url) -> Result<Url, ProviderError> {
        let parameters: Vec<_> = url.query_pairs().collect();
        let fields: Vec<_> = parameters.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        let answer = self.post(endpoint, discovered, &fields).await?;
        if answer.status() != StatusCode::CREATED {
            return Err(tokens::failed(&answer, "the endpoint for pushed requests"));
        }
        let pushed: Pushed = answer::json(&answer).map_err(|unreadable| {
            ProviderError::Nonsense(format!("the answer to a pushed request: {}", unreadable.as_str()))
        })?;
        let mut url = discovered.client.auth_uri().url().clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.config().client_id)
            .append_pair("request_uri", &pushed.request_uri);
        Ok(url)
    }
}

/// RFC 9126, section 2.2. How long it lasts is not read: the browser is sent on at once.
#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}
