use std::sync::Arc;

use async_trait::async_trait;
use portico_identity::provider::Provider;
use portico_identity::token::{
    ClientCredentials, ExchangeError, ExchangeRequest, ExchangedToken, Subject, TokenExchange,
};

/// For a provider that exchanges no tokens. It fails closed: for a person no call goes out, and above all not with the
/// session's own token. The portal's own calls need no exchange.
#[derive(Debug)]
pub struct NoExchange {
    own: ClientCredentials,
}

impl NoExchange {
    /// At `provider`.
    pub fn new(provider: Arc<Provider>) -> Self {
        Self { own: ClientCredentials::new(provider) }
    }
}

#[async_trait]
impl TokenExchange for NoExchange {
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        match request.subject {
            Subject::Person(_) => Err(ExchangeError::Refused { code: "unsupported_grant_type".into() }),
            Subject::Portal => self.own.exchange(request).await,
        }
    }
}
