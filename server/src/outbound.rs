//! Outbound HTTP to providers and manifest hosts, behind the [`HttpClient`] port.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use portico_ports::{HttpClient, HttpClientError};
use rustls_pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Whole requests and answers over HTTP/1.1 with TLS by rustls; redirects are not followed.
pub struct Outbound {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

/// A discovery document, a key set, a token answer, a manifest: none comes near this.
const MAX_ANSWER_BYTES: usize = 2 * 1024 * 1024;

/// How long an idle connection is kept for the next request: less than any server keeps it, this portal with its
/// development IdP included (ten seconds). A request that is sent just as the other side closes is lost.
const MAX_IDLE: Duration = Duration::from_secs(4);

impl Outbound {
    /// A client whose answers must be complete within `timeout`.
    ///
    /// Beside the public roots it trusts `own_root`, which is how the portal talks to its own development IdP over a
    /// generated certificate.
    pub fn new(timeout: Duration, own_root: Option<CertificateDer<'static>>) -> Self {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(own_root) = own_root
            && let Err(error) = roots.add(own_root)
        {
            tracing::warn!(error.message = %error, "the generated certificate is not trusted");
        }
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(MAX_IDLE).build(connector);
        Self { client, timeout }
    }

    async fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpClientError> {
        let answer = self.client.request(request.map(Full::new)).await;
        let answer = answer.map_err(|error| HttpClientError::Connection(root_cause(&error)))?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                HttpClientError::TooLarge
            } else {
                HttpClientError::Connection(error.to_string())
            }
        })?;
        Ok(http::Response::from_parts(parts, body.to_bytes()))
    }
}

#[async_trait]
impl HttpClient for Outbound {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpClientError> {
        let timed = tokio::time::timeout(self.timeout, self.exchange(request));
        timed.await.unwrap_or(Err(HttpClientError::Timeout))
    }
}

/// "connection refused" says more than "client error".
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
