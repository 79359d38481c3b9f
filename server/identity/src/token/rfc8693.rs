use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::response::{self, ACCESS_TOKEN, Expected};
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
    /// to be for. A token that then comes without `act` is refused.
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

    async fn actor_token(&self) -> Result<Option<Arc<ExchangedToken>>, ExchangeError> {
        match &self.actor {
            Some(actor) => actor.tokens.token(&actor.key, Subject::Portal).await.map(Some),
            None => Ok(None),
        }
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
        let actor = self.actor_token().await?;
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
        if let Some(actor) = &actor {
            fields.push(("actor_token", actor.token.secret()));
            fields.push(("actor_token_type", ACCESS_TOKEN));
        }
        let answer = self.provider.post_token(&fields).await?;
        let expected =
            Expected { actor: actor.is_some(), introspection: self.introspection, ..Expected::of(&request) };
        response::accept(&self.provider, &answer, &expected).await
    }
}
