use async_trait::async_trait;
use portico_identity::token::{ExchangeError, ExchangeRequest, ExchangedToken, TokenExchange};

/// For a provider that exchanges no tokens. It fails closed: no call goes out, and above all not with the session's own
/// token.
#[derive(Clone, Copy, Debug)]
pub struct NoExchange;

#[async_trait]
impl TokenExchange for NoExchange {
    async fn exchange(&self, _: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        Err(ExchangeError::Refused { code: "unsupported_grant_type".into() })
    }
}
