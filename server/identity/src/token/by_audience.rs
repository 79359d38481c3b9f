use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{ExchangeError, ExchangeRequest, ExchangedToken, TokenExchange};

/// Exchanges where the audience says: GitHub's tokens come from a [`GitHubApp`](super::GitHubApp), everyone else's from the
/// provider that signed the person in.
pub struct ByAudience {
    provider: Arc<dyn TokenExchange>,
    elsewhere: HashMap<String, Arc<dyn TokenExchange>>,
}

impl ByAudience {
    /// With `provider` for every audience that is not named otherwise.
    pub fn new(provider: Arc<dyn TokenExchange>) -> Self {
        Self { provider, elsewhere: HashMap::new() }
    }

    /// With `exchange` for this one audience. The provider is never asked for it, not even when `exchange` fails.
    #[must_use]
    pub fn with(mut self, audience: &str, exchange: Arc<dyn TokenExchange>) -> Self {
        self.elsewhere.insert(audience.to_owned(), exchange);
        self
    }
}

impl fmt::Debug for ByAudience {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ByAudience")
            .field("elsewhere", &self.elsewhere.keys())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenExchange for ByAudience {
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        self.elsewhere.get(request.audience).unwrap_or(&self.provider).exchange(request).await
    }
}
