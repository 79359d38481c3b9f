//! One connection, from its first byte to its end. Whatever a client leaves out, a deadline ends it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulConnection;
use portico_ports::{Clock as _, SystemClock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::Answer;
use super::event_stream::EventStream;
use super::first_bytes::{self, Version};
use super::handover::Handover;
use super::lent::lend;
use super::open_requests::OpenRequests;
use super::write_limit::WriteLimited;
use crate::config::LimitsConfig;

/// How every connection of a listener is served.
#[derive(Clone, Debug)]
pub struct Terms {
    builder: Builder<TokioExecutor>,
    /// For the first bytes, and for whatever has to come next where a client keeps the server waiting.
    head: Duration,
    /// For a connection that nobody uses.
    idle: Duration,
    /// For a client that takes nothing of what it is sent.
    write: Duration,
}

impl Terms {
    /// As the limits say.
    pub fn new(limits: &LimitsConfig) -> Self {
        Self {
            builder: builder(limits),
            head: Duration::from_millis(limits.head_timeout_ms),
            idle: Duration::from_millis(limits.idle_timeout_ms),
            write: Duration::from_millis(limits.write_timeout_ms),
        }
    }

    /// The time for a TLS handshake, and for the first bytes after it.
    pub fn head(&self) -> Duration {
        self.head
    }

    /// Serves `stream` until its client leaves, a deadline passes, or, once `stop` is true, its open requests are done; or
    /// until an answer begins that has the connection for itself, and is returned.
    pub async fn serve<S, A>(
        &self,
        stream: S,
        peer: SocketAddr,
        current: watch::Receiver<A>,
        mut stop: watch::Receiver<bool>,
    ) -> Option<EventStream<impl AsyncRead + AsyncWrite + Unpin + Send + use<S, A>>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        A: Answer,
    {
        let first = tokio::select! {
            first = tokio::time::timeout(self.head, first_bytes::read(stream)) => first,
            _ = stop.wait_for(|stop| *stop) => return None,
        };
        // Silence, or the end of it: there is nobody to answer.
        let Ok(Ok((version, stream))) = first else { return None };
        // HTTP/1.1 needs no count: its deadline for a head runs from the end of the answer before it.
        let requests = (version == Version::Http2).then(OpenRequests::none);
        let counted = requests.clone();
        let (owner, lent) = lend(WriteLimited::new(stream, self.write));
        let (handover, begun) = Handover::of(&owner);
        let handover = (version == Version::Http1).then_some(handover);
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            let open = counted.as_ref().map(OpenRequests::open);
            if let Some(requests) = counted.as_ref().filter(|_| *request.method() == Method::CONNECT) {
                // The stream lasts longer than its answer: whoever goes on with it keeps it open.
                request.extensions_mut().insert(Arc::new(requests.open()));
            }
            let (current, handover) = (current.borrow().clone(), handover.clone());
            async move {
                let method = request.method().clone();
                let response = current.answer(request.map(Body::new), peer).await;
                let response = match &handover {
                    Some(handover) => handover.offer(&method, response).await,
                    None => response,
                };
                Ok::<_, Infallible>(match open {
                    Some(open) => response.map(|body| open.lasting(body)),
                    None => response,
                })
            }
        });
        let connection = self.builder.serve_connection_with_upgrades(TokioIo::new(lent), service);
        let response = tokio::select! {
            ended = self.drive(connection, requests, stop) => {
                if let Err(error) = ended {
                    tracing::debug!(error.message = %error, client.address = %peer, "connection ended");
                }
                return None;
            }
            // The sender goes with the connection, whose end is the other branch.
            Ok(response) = begun => response,
        };
        owner.take().map(|stream| EventStream::new(stream, response, SystemClock.now()))
    }

    async fn drive<C: GracefulConnection>(
        &self,
        connection: C,
        requests: Option<OpenRequests>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), C::Error> {
        let mut connection = std::pin::pin!(connection);
        let idle_for = async |time| match &requests {
            Some(requests) => requests.idle_for(time).await,
            None => std::future::pending().await,
        };
        let untaken = async {
            match &requests {
                Some(requests) => requests.give_up_untaken(self.write).await,
                None => std::future::pending().await,
            }
        };
        let mut untaken = std::pin::pin!(untaken);
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = &mut untaken => {}
            _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
            () = idle_for(self.idle) => connection.as_mut().graceful_shutdown(),
        }
        // A client that has been told to go, and has nothing open, is not waited for.
        tokio::select! {
            ended = connection => ended,
            () = &mut untaken => Ok(()),
            () = idle_for(self.head) => Ok(()),
        }
    }
}

fn builder(limits: &LimitsConfig) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_timeout_ms))
        .max_headers(limits.headers)
        // hyper refuses what exceeds the buffer with 431; it cannot be smaller than 8 KiB.
        .max_buf_size(limits.head_bytes.max(8 * 1024));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(200)
        // WebSockets over HTTP/2 (RFC 8441).
        .enable_connect_protocol()
        // A reset costs the client nothing and the server work (CVE-2023-44487): few may be pending.
        .max_pending_accept_reset_streams(20)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
