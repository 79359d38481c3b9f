use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use portico_ports::{Clock, HttpClient, HttpClientError};

use super::response::{self, ACCESS_TOKEN};
use super::{ExchangeError, ExchangeRequest, ExchangedToken, TokenExchange};
use crate::client_auth::form_post;
use crate::provider::Provider;

/// Token exchange at the provider's token endpoint (RFC 8693), as the confidential client that signed the person in.
pub struct Rfc8693 {
    provider: Arc<Provider>,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
}

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

impl Rfc8693 {
    /// Exchanges at `provider`, over `http`, whose time limit is the limit of an exchange.
    pub fn new(provider: Arc<Provider>, http: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Self { provider, http, clock }
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
        let endpoint = self.provider.token_endpoint().await?;
        let config = self.provider.config();
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
        let outbound = form_post(&endpoint, &config.client_id, config.client_secret.as_ref(), &fields);
        let answer = self.http.send(outbound).await.map_err(transport_error)?;
        response::read(&answer, &request, self.clock.now())
    }
}

fn transport_error(error: HttpClientError) -> ExchangeError {
    match error {
        HttpClientError::Timeout => ExchangeError::Timeout,
        HttpClientError::TooLarge => ExchangeError::Answer("it is larger than the limit"),
        HttpClientError::Connection(_) => ExchangeError::Unavailable(error.to_string()),
    }
}
