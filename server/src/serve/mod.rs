//! The accept loop: limits and deadlines per connection, HTTP/1.1 and HTTP/2, TLS, graceful end.

mod connection;
mod first_bytes;
mod open_requests;
mod write_limit;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use self::connection::Terms;
use crate::config::LimitsConfig;

/// What answers the requests of a listener.
pub trait Answer: Clone + Send + Sync + 'static {
    /// The answer to a request of `peer`.
    fn answer(&self, request: Request, peer: SocketAddr) -> impl Future<Output = Response> + Send;
}

impl Answer for Router {
    async fn answer(&self, mut request: Request, peer: SocketAddr) -> Response {
        request.extensions_mut().insert(ConnectInfo(peer));
        self.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// Serves with the current `answer` on `listener` until `shutdown` resolves, then lets open requests finish for `drain`. A
/// request keeps what it began with; the next one on its connection, which browsers keep open, finds the new one.
pub async fn serve<A: Answer>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    current: watch::Receiver<A>,
    limits: LimitsConfig,
    drain: Duration,
    shutdown: impl Future<Output = ()>,
) {
    let connections = Arc::new(Semaphore::new(limits.connections));
    let terms = Arc::new(Terms::new(&limits));
    // Every connection holds a receiver: when all are gone, so are the connections.
    let (stop, stopped) = watch::channel(false);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut shutdown => break,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let (tls, current, terms, stop) = (tls.clone(), current.clone(), terms.clone(), stopped.clone());
        tokio::spawn(async move {
            let _permit = permit;
            let Some(acceptor) = tls else { return terms.serve(stream, peer, current, stop).await };
            // A client that never finishes its handshake must not hold a connection for long.
            if let Ok(Ok(stream)) = tokio::time::timeout(terms.head(), acceptor.accept(stream)).await {
                terms.serve(stream, peer, current, stop).await;
            }
        });
    }
    drop((listener, stopped));
    stop.send_replace(true);
    if tokio::time::timeout(drain, stop.closed()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = connections.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers should leave at once; failing to say so is harmless.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, permit))
        }
        Err(error) => {
            // Out of file descriptors, most likely: trying again at once would only spin.
            tracing::error!(error.message = %error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
