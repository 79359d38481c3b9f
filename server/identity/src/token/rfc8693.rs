use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::jwt;
use super::response::{self, ACCESS_TOKEN, ActorNames, Expected};
use super::{
    CacheLimits, ClientCredentials, ExchangeError, ExchangeRequest, ExchangedToken, Holder,
    IntrospectionPolicy, Scope, Subject, TokenCache, TokenExchange, TokenKey,
};
use crate::provider::Provider;

/// Token exchange at the provider's token endpoint (RFC 8693), as the confidential client that signed the person in.
///
/// With Keycloak (26.2 or newer, "standard token exchange"), `audience` is the `client_id` of the upstream, which its
/// tokens have as `aud`; the default scopes `openid profile email` that it adds are no widening.
pub struct Rfc8693 {
    provider: Arc<Provider>,
    own: ClientCredentials,
    actor: Option<Actor>,
    introspection: IntrospectionPolicy,
}

/// The portal as the one who acts for the person.
struct Actor {
    tokens: TokenCache,
    key: TokenKey,
}

pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

impl Rfc8693 {
    /// Exchanges at `provider`.
    pub fn new(provider: Arc<Provider>) -> Self {
        let own = ClientCredentials::new(Arc::clone(&provider));
        Self { provider, own, actor: None, introspection: IntrospectionPolicy::Never }
    }

    /// With opaque tokens checked as `policy` says.
    #[must_use]
    pub fn introspecting(mut self, policy: IntrospectionPolicy) -> Self {
        self.introspection = policy;
        self.own = self.own.introspecting(policy);
        self
    }

    /// With an `actor_token`, so that upstreams see in the claim `act` that the portal acts for the person (sections 2.1
    /// and 4.1). It is the portal's own token for `audience` and `scope`, which are what the provider wants an actor token
    /// to be for. A token that then comes without the portal in `act` is refused, and so is one that says nothing about
    /// itself.
    #[must_use]
    pub fn with_actor(mut self, audience: &str, scope: Scope) -> Self {
        let own = ClientCredentials::new(Arc::clone(&self.provider)).introspecting(self.introspection);
        let tokens = TokenCache::new(Arc::new(own), self.provider.clock(), CacheLimits::default());
        let key = TokenKey {
            holder: Holder::Portal,
            organization: String::new(),
            audience: audience.to_owned(),
            resource: None,
            scope,
        };
        self.actor = Some(Actor { tokens, key });
        self
    }

    /// One exchange, with or without somebody who acts.
    async fn trade(
        &self,
        request: &ExchangeRequest<'_>,
        subject_token: &str,
        actor: Option<&ExchangedToken>,
    ) -> Result<ExchangedToken, ExchangeError> {
        let scope = request.scope.to_string();
        let mut fields = vec![
            ("grant_type", GRANT_TYPE),
            ("subject_token", subject_token),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", ACCESS_TOKEN),
            ("audience", request.audience),
        ];
        fields.extend(request.resource.map(|resource| ("resource", resource)));
        if !scope.is_empty() {
            fields.push(("scope", &scope));
        }
        if let Some(actor) = actor {
            fields.push(("actor_token", actor.token.secret()));
            fields.push(("actor_token_type", ACCESS_TOKEN));
        }
        let answer = self.provider.post_token(&fields).await?;
        let sub = actor.and_then(|actor| jwt::subject(actor.token.secret()));
        let client_id = &self.provider.config().client_id;
        let expected = Expected {
            actor: actor.map(|_| ActorNames { sub: sub.as_deref(), client_id }),
            introspection: self.introspection,
            ..Expected::of(request)
        };
        response::accept(&self.provider, &answer, &expected).await
    }
}

impl Actor {
    async fn token(&self) -> Result<Arc<ExchangedToken>, ExchangeError> {
        self.tokens.token(&self.key, Subject::Portal).await
    }

    /// Another than the one that the provider refused; none where that was fetched a moment ago.
    async fn another(&self, refused: &ExchangedToken) -> Result<Option<Arc<ExchangedToken>>, ExchangeError> {
        self.tokens.refresh(&self.key, Subject::Portal, refused).await
    }
}

impl fmt::Debug for Rfc8693 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rfc8693").field("provider", &self.provider).finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenExchange for Rfc8693 {
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        let Subject::Person(subject_token) = request.subject else {
            return self.own.exchange(request).await;
        };
        let Some(actor) = &self.actor else {
            return self.trade(&request, subject_token, None).await;
        };
        let own = actor.token().await?;
        match self.trade(&request, subject_token, Some(&own)).await {
            // It may be the actor token that the provider does not know any more, one that was revoked say: a fresh one
            // is worth one try.
            Err(ExchangeError::Refused { code }) if blames_a_token(&code) => match actor.another(&own).await?
            {
                Some(fresh) => self.trade(&request, subject_token, Some(&fresh)).await,
                None => Err(ExchangeError::Refused { code }),
            },
            outcome => outcome,
        }
    }
}

/// What a provider answers to a subject or actor token that is not valid (section 2.2.2; RFC 6749, section 5.2).
fn blames_a_token(code: &str) -> bool {
    matches!(code, "invalid_request" | "invalid_grant")
}
