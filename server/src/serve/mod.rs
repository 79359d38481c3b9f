//! The accept loop: limits and deadlines per connection, HTTP/1.1 and HTTP/2, TLS, graceful end.

mod connection;
mod event_stream;
mod first_bytes;
mod handover;
mod lent;
mod open_requests;
mod write_limit;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use self::connection::Terms;
use self::event_stream::EventStream;
pub use self::open_requests::OpenRequest;
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
            // Both are held for as long as the connection lasts.
            let guards = (permit, stop.clone());
            // What serving takes is made by whoever serves: accepting goes on meanwhile, and where thousands come at once, the
            // next connection finds the memory that the last one gave back.
            let Some(acceptor) = tls else {
                let lasting = Box::pin(terms.serve(stream, peer, current, stop)).await;
                return outlast(lasting, guards);
            };
            // A client that never finishes its handshake must not hold a connection for long.
            let handshake = Box::pin(acceptor.accept(stream));
            if let Ok(Ok(stream)) = tokio::time::timeout(terms.head(), handshake).await {
                outlast(Box::pin(terms.serve(stream, peer, current, stop)).await, guards);
            }
        });
    }
    drop((listener, stopped));
    stop.send_replace(true);
    if tokio::time::timeout(drain, stop.closed()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Lets an event stream go on by itself: a task is as large as the largest thing that it ever did, which is a connection in
/// hyper's hands.
fn outlast<S>(stream: Option<EventStream<S>>, guards: impl Send + 'static)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(stream) = stream else { return };
    tokio::spawn(async move {
        if let Err(error) = stream.run().await {
            tracing::debug!(error.message = %error, "an event stream's connection ended");
        }
        drop(guards);
    });
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
