use super::discovered::TokenAnswer;
use super::id_token::Claims;
use super::id_token::{self, ExpectedNonce};
use super::organizations::Organizations;
use super::tokens::{self, collect};
use super::{Provider, ProviderError, SignIn};
use crate::session::{SessionState, Tokens};

/// What a refresh brought.
#[derive(Debug)]
pub enum Refreshed {
    /// Tokens alone; what is known of the person stays.
    Tokens(Tokens),
    /// A new id_token too: organizations and roles may have changed.
    SignIn(Box<SignIn>),
}

impl Provider {
    /// Redeems a code (RFC 6749, section 4.1.3; RFC 7636, section 4.5) and verifies what came with it.
    ///
    /// # Errors
    /// Where there are no tokens, or no id_token that is this login's.
    pub async fn redeem(
        &self,
        code: &str,
        code_verifier: &str,
        nonce: &str,
    ) -> Result<SignIn, ProviderError> {
        let redirect_uri = self.config().redirect_uri.clone();
        let answer = self
            .token_call(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("code_verifier", code_verifier),
                ("redirect_uri", redirect_uri.as_str()),
            ])
            .await?;
        let claims = self.verified(&answer, ExpectedNonce::Exactly(nonce)).await?;
        Ok(self.sign_in(&claims, &answer, None))
    }

    /// Spends the refresh token. With `organization`, asks for tokens of another organization, which providers that keep
    /// organizations may answer; whether they did is in the result's `org_id`.
    ///
    /// # Errors
    /// `Refused` with `invalid_grant` where the session has no refresh token or one of another provider; otherwise what the
    /// provider made of it. An id_token of another person or issuer is `IdToken` (case 10).
    pub async fn refresh(
        &self,
        state: &SessionState,
        organization: Option<&str>,
    ) -> Result<Refreshed, ProviderError> {
        let ours = state.person.issuer == self.config().issuer.as_str();
        // What another provider issued is not for this one to see.
        let Some(refresh_token) = state.tokens.refresh_token.clone().filter(|_| ours) else {
            return Err(ProviderError::Refused { code: "invalid_grant".into() });
        };
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
        fields.extend(organization.map(|organization| ("organization", organization)));
        let answer = self.token_call(&fields).await?;
        use openidconnect::TokenResponse as _;
        if answer.id_token().is_none() {
            let kept = state.tokens.id_token.clone();
            return Ok(Refreshed::Tokens(collect(&answer, kept, Some(&state.tokens), self.now())));
        }
        let claims = self.verified(&answer, ExpectedNonce::Any).await?;
        if claims.subject().as_str() != state.person.sub {
            return Err(ProviderError::IdToken("a refresh brought another person's id_token".into()));
        }
        Ok(Refreshed::SignIn(Box::new(self.sign_in(&claims, &answer, Some(&state.tokens)))))
    }

    async fn token_call(&self, fields: &[(&str, &str)]) -> Result<TokenAnswer, ProviderError> {
        tokens::read(&self.post_token(fields).await?)
    }

    async fn verified(
        &self,
        answer: &TokenAnswer,
        nonce: ExpectedNonce<'_>,
    ) -> Result<Claims, ProviderError> {
        let now = self.now();
        self.with_keys(|discovered| id_token::verify(&discovered.client, answer, nonce, now)).await
    }

    fn sign_in(&self, claims: &Claims, answer: &TokenAnswer, previous: Option<&Tokens>) -> SignIn {
        use openidconnect::TokenResponse as _;
        let organizations = Organizations::of(self.config(), claims);
        let raw = answer.id_token().map(ToString::to_string).unwrap_or_default();
        SignIn {
            person: id_token::person(self.config(), claims),
            org_id: organizations.current,
            organizations: organizations.named,
            names_all_organizations: organizations.complete,
            sid: claims.additional_claims().sid.clone(),
            tokens: collect(answer, raw, previous, self.now()),
        }
    }
}
