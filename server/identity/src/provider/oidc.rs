use std::sync::Arc;

use openidconnect::core::CoreAuthenticationFlow;
use openidconnect::{
    AuthorizationCode, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, RefreshToken, Scope,
};
use parking_lot::RwLock;
use portico_ports::{Clock, HttpClient};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::discovered::{Discovered, Outbound, TokenAnswer, discover};
use super::id_token::{self, Claims, ExpectedNonce, IdTokenFailure};
use super::tokens::{collect, token_error};
use super::{ProviderConfig, ProviderError, SignIn};
use crate::session::{SessionState, Tokens};

/// One OpenID provider, discovered when it is first needed and kept.
pub struct Provider {
    config: ProviderConfig,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    discovered: RwLock<Option<Arc<Discovered>>>,
    /// When keys were last fetched; also the lock that makes that one fetch at a time.
    fetched_at: tokio::sync::Mutex<Option<OffsetDateTime>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The parts of an authorization request that a login keeps until its callback.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// Unguessable, checked at the callback.
    pub state: &'a str,
    /// Unguessable, comes back inside the id_token.
    pub nonce: &'a str,
    /// RFC 7636: 43 to 128 unreserved characters.
    pub code_verifier: &'a str,
    /// Further parameters: `organization`, `prompt`, `login_hint`.
    pub extra: &'a [(&'a str, &'a str)],
}

/// A request to end the provider's session too (RP-Initiated Logout 1.0).
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequest<'a> {
    /// The id_token of the session that ends.
    pub id_token: &'a str,
}

/// Unknown keys lead to at most one fetch in this time, however many tokens name them (case 4).
const KEY_FETCH_WINDOW: Duration = Duration::seconds(30);

impl Provider {
    /// A provider by configuration; nothing is fetched yet.
    pub fn new(config: ProviderConfig, http: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Self { config, http, clock, discovered: RwLock::default(), fetched_at: tokio::sync::Mutex::default() }
    }

    /// Its configuration.
    pub fn config(&self) -> &ProviderConfig {
        &self.config
    }

    /// Whether discovery succeeded; tries it where it has not yet. For readiness.
    pub async fn ready(&self) -> Result<(), ProviderError> {
        self.discovered().await.map(drop)
    }

    /// The token endpoint, for token exchange.
    pub async fn token_endpoint(&self) -> Result<Url, ProviderError> {
        Ok(self.discovered().await?.token_endpoint.clone())
    }

    /// The origin of the end-session endpoint once it is known, for the CSP's `form-action`.
    pub fn end_session_origin(&self) -> Option<String> {
        let discovered = self.discovered.read().clone()?;
        Some(discovered.extras.end_session_endpoint.as_ref()?.origin().ascii_serialization())
    }

    /// The URL that starts a login: code flow with PKCE S256 (RFC 7636), state and nonce.
    pub async fn authorization_url(&self, request: AuthorizationRequest<'_>) -> Result<Url, ProviderError> {
        let discovered = self.discovered().await?;
        let (state, nonce) = (request.state.to_owned(), request.nonce.to_owned());
        let verifier = PkceCodeVerifier::new(request.code_verifier.to_owned());
        let mut url = discovered
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(self.config.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for (name, value) in request.extra {
            url = url.add_extra_param(*name, *value);
        }
        Ok(url.url().0)
    }

    /// Checks the `iss` of an authorization response (RFC 9207) before its code goes anywhere.
    pub async fn check_response_issuer(&self, iss: Option<&str>) -> Result<(), ProviderError> {
        let discovered = self.discovered().await?;
        match iss {
            Some(iss) if iss.trim_end_matches('/') == self.config.issuer.as_str().trim_end_matches('/') => {
                Ok(())
            }
            Some(_) => Err(ProviderError::Nonsense("the response names another issuer".into())),
            None if discovered.extras.authorization_response_iss_parameter_supported => {
                Err(ProviderError::Nonsense("the response lacks the iss it promised".into()))
            }
            None => Ok(()),
        }
    }

    /// Redeems a code and verifies what came with it.
    pub async fn redeem(
        &self,
        code: &str,
        code_verifier: &str,
        nonce: &str,
    ) -> Result<SignIn, ProviderError> {
        let discovered = self.discovered().await?;
        let answer = discovered
            .client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| ProviderError::Nonsense(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(code_verifier.to_owned()))
            .request_async(&Outbound(self.http.as_ref()))
            .await
            .map_err(token_error)?;
        let claims = self.verified(&answer, || ExpectedNonce::Exactly(nonce)).await?;
        Ok(self.sign_in(&claims, &answer, None))
    }

    /// Spends the refresh token. With `organization`, asks for tokens of another organization, which providers that keep
    /// organizations may answer; whether they did is in the result's `org_id`.
    pub async fn refresh(
        &self,
        state: &SessionState,
        organization: Option<&str>,
    ) -> Result<Refreshed, ProviderError> {
        let Some(refresh_token) = state.tokens.refresh_token.clone() else {
            return Err(ProviderError::Refused { code: "invalid_grant".into() });
        };
        let discovered = self.discovered().await?;
        let token = RefreshToken::new(refresh_token.clone());
        let mut request = discovered
            .client
            .exchange_refresh_token(&token)
            .map_err(|error| ProviderError::Nonsense(error.to_string()))?;
        if let Some(organization) = organization {
            request = request.add_extra_param("organization", organization);
        }
        let answer = request.request_async(&Outbound(self.http.as_ref())).await.map_err(token_error)?;
        use openidconnect::TokenResponse as _;
        if answer.id_token().is_none() {
            let kept = state.tokens.id_token.clone();
            return Ok(Refreshed::Tokens(collect(&answer, kept, Some(refresh_token), self.clock.now())));
        }
        let claims = self.verified(&answer, || ExpectedNonce::Any).await?;
        if claims.subject().as_str() != state.person.sub {
            return Err(ProviderError::IdToken("a refresh brought another person's id_token".into()));
        }
        Ok(Refreshed::SignIn(Box::new(self.sign_in(&claims, &answer, Some(refresh_token)))))
    }

    /// The URL that ends the provider's session, or none where it has no such endpoint.
    pub fn logout_url(&self, request: LogoutRequest<'_>) -> Option<Url> {
        let discovered = self.discovered.read().clone()?;
        let mut url = discovered.extras.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("id_token_hint", request.id_token)
            .append_pair("client_id", &self.config.client_id)
            .append_pair("post_logout_redirect_uri", self.config.post_logout_redirect_uri.as_str());
        Some(url)
    }

    /// Revokes a refresh token (RFC 7009), best effort within the client's time limit.
    pub async fn revoke(&self, refresh_token: &str) -> Result<(), ProviderError> {
        let discovered = self.discovered().await?;
        let Some(endpoint) = &discovered.extras.revocation_endpoint else { return Ok(()) };
        let request = crate::client_auth::form_post(
            endpoint,
            &self.config.client_id,
            self.config.client_secret.as_ref(),
            &[("token", refresh_token), ("token_type_hint", "refresh_token")],
        );
        let answer = self.http.send(request).await?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(ProviderError::Refused { code: answer.status().as_u16().to_string() })
        }
    }

    async fn discovered(&self) -> Result<Arc<Discovered>, ProviderError> {
        if let Some(discovered) = self.discovered.read().clone() {
            return Ok(discovered);
        }
        let mut fetched_at = self.fetched_at.lock().await;
        if let Some(discovered) = self.discovered.read().clone() {
            return Ok(discovered);
        }
        self.fetch(&mut fetched_at).await
    }

    async fn fetch(&self, fetched_at: &mut Option<OffsetDateTime>) -> Result<Arc<Discovered>, ProviderError> {
        let fresh = Arc::new(discover(&self.config, self.http.as_ref()).await?);
        *fetched_at = Some(self.clock.now());
        *self.discovered.write() = Some(fresh.clone());
        Ok(fresh)
    }

    async fn verified<'n>(
        &self,
        answer: &TokenAnswer,
        nonce: impl Fn() -> ExpectedNonce<'n>,
    ) -> Result<Claims, ProviderError> {
        let known = self.discovered().await?;
        match id_token::verify(&known.client, answer, nonce(), self.clock.now()) {
            Ok(claims) => return Ok(claims),
            Err(IdTokenFailure::Final(error)) => return Err(error),
            Err(IdTokenFailure::UnknownKey(why)) => {
                let mut fetched_at = self.fetched_at.lock().await;
                let recent = fetched_at.is_some_and(|at| self.clock.now() - at < KEY_FETCH_WINDOW);
                let raced = !Arc::ptr_eq(&known, &self.discovered().await?);
                if recent && !raced {
                    return Err(ProviderError::IdToken(why));
                }
                if !raced {
                    self.fetch(&mut fetched_at).await?;
                }
            }
        }
        let fresh = self.discovered().await?;
        id_token::verify(&fresh.client, answer, nonce(), self.clock.now()).map_err(|failure| match failure {
            IdTokenFailure::UnknownKey(why) => ProviderError::IdToken(why),
            IdTokenFailure::Final(error) => error,
        })
    }

    fn sign_in(&self, claims: &Claims, answer: &TokenAnswer, previous: Option<String>) -> SignIn {
        use openidconnect::TokenResponse as _;
        let (org_id, organizations) = id_token::organizations(claims);
        let raw = answer.id_token().map(ToString::to_string).unwrap_or_default();
        SignIn {
            person: id_token::person(&self.config, claims),
            org_id,
            organizations,
            names_all_organizations: !claims.additional_claims().organizations.is_empty(),
            sid: claims.additional_claims().sid.clone(),
            tokens: collect(answer, raw, previous, self.clock.now()),
        }
    }
}

/// What a refresh brought.
#[derive(Debug)]
pub enum Refreshed {
    /// Tokens alone; what is known of the person stays.
    Tokens(Tokens),
    /// A new id_token too: organizations and roles may have changed.
    SignIn(Box<SignIn>),
}
