use std::sync::Arc;

use async_trait::async_trait;

use super::response::{self, Expected};
use super::{ExchangeError, ExchangeRequest, ExchangedToken, IntrospectionPolicy, Subject, TokenExchange};
use crate::provider::Provider;

/// Tokens for the portal's own calls to an upstream, behind which there is no person (RFC 6749, section 4.4).
///
/// `audience` and `resource` go along for providers that take them; whether they were heeded is checked in the answer.
#[derive(Debug)]
pub struct ClientCredentials {
    provider: Arc<Provider>,
    introspection: IntrospectionPolicy,
}

impl ClientCredentials {
    /// As the client that `provider` knows.
    pub fn new(provider: Arc<Provider>) -> Self {
        Self { provider, introspection: IntrospectionPolicy::Never }
    }

    /// With opaque tokens checked as `policy` says.
    #[must_use]
    pub fn introspecting(mut self, policy: IntrospectionPolicy) -> Self {
        self.introspection = policy;
        self
    }
}

#[async_trait]
impl TokenExchange for ClientCredentials {
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        if request.subject != Subject::Portal {
            return Err(ExchangeError::Request("a person's call needs a person's token"));
        }
        let scope = request.scope.to_string();
        let mut fields = vec![("grant_type", "client_credentials"), ("audience", request.audience)];
        fields.extend(request.resource.map(|resource| ("resource", resource)));
        if !scope.is_empty() {
            fields.push(("scope", &scope));
        }
        let answer = self.provider.post_token(&fields).await?;
        let expected = Expected {
            issued_token_type: false,
            introspection: self.introspection,
            ..Expected::of(&request)
        };
        response::accept(&self.provider, &answer, &expected).await
    }
}
