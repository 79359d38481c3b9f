use std::sync::Arc;

use async_trait::async_trait;

use super::response::{self, ACCESS_TOKEN};
use super::{ExchangeError, ExchangeRequest, ExchangedToken, TokenExchange};
use crate::provider::Provider;

/// Token exchange at the provider's token endpoint (RFC 8693), as the confidential client that signed the person in.
#[derive(Debug)]
pub struct Rfc8693 {
    provider: Arc<Provider>,
}

pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

impl Rfc8693 {
    /// Exchanges at `provider`.
    pub fn new(provider: Arc<Provider>) -> Self {
        Self { provider }
    }
}

#[async_trait]
impl TokenExchange for Rfc8693 {
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        let scope = request.scope.to_string();
        let mut fields = vec![
            ("grant_type", GRANT_TYPE),
            ("subject_token", request.subject_token),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", ACCESS_TOKEN),
            ("audience", request.audience),
        ];
        if let Some(resource) = request.resource {
            fields.push(("resource", resource));
        }
        if !scope.is_empty() {
            fields.push(("scope", &scope));
        }
        let answer = self.provider.post_token(&fields).await?;
        response::read(&answer, &request, self.provider.now())
    }
}
