use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

/// Why an outbound request brought no answer.
#[derive(Debug, Error)]
pub enum HttpClientError {
    /// The other side did not answer within the limit.
    #[error("no answer within the time limit")]
    Timeout,
    /// No connection, or it broke.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// The answer was longer than the limit.
    #[error("the answer was larger than the limit")]
    TooLarge,
}

/// Outbound HTTP to providers: whole requests and answers, with a time and a size limit, redirects not followed.
#[async_trait]
pub trait HttpClient: Send + Sync + 'static {
    /// Sends `request` and collects the answer.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpClientError>;
}
