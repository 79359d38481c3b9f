//! One connection, from its first byte to its end. Whatever a client leaves out, a deadline ends it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1::UpgradeableConnection;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use portico_gateway::Turn;
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
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
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
            http1: http1(limits),
            http2: http2(limits),
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
        let stream = WriteLimited::new(stream, self.write);
        match version {
            Version::Http1 => self.serve_http1(stream, peer, current, stop).await,
            Version::Http2 => {
                let ended = self.serve_http2(stream, peer, current, stop).await;
                ended.unwrap_or_else(|error| tell_ended(&error, peer));
                None
            }
        }
    }

    async fn serve_http1<S, A>(
        &self,
        stream: S,
        peer: SocketAddr,
        current: watch::Receiver<A>,
        stop: watch::Receiver<bool>,
    ) -> Option<EventStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        A: Answer,
    {
        let (owner, lent) = lend(Turn::new(stream));
        let (handover, begun) = Handover::of(&owner);
        let service = service_fn(move |request: Request<Incoming>| {
            let (current, handover) = (current.borrow().clone(), handover.clone());
            async move {
                let method = request.method().clone();
                let response = current.answer(request.map(Body::new), peer).await;
                Ok::<_, Infallible>(handover.offer(&method, response).await)
            }
        });
        let connection = self.http1.serve_connection(TokioIo::new(lent), service).with_upgrades();
        let response = tokio::select! {
            // Nearly always it is the connection that has something to do.
            biased;
            ended = drive_http1(connection, stop) => {
                ended.unwrap_or_else(|error| tell_ended(&error, peer));
                return None;
            }
            // The sender goes with the connection, whose end is the other branch.
            Ok(response) = begun => response,
        };
        owner.take().map(|stream| EventStream::new(stream.into_inner(), response, SystemClock.now()))
    }

    async fn serve_http2<S, A>(
        &self,
        stream: S,
        peer: SocketAddr,
        current: watch::Receiver<A>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), hyper::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        A: Answer,
    {
        let requests = OpenRequests::none();
        let counted = requests.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            let (open, current) = (counted.open(), current.borrow().clone());
            if *request.method() == Method::CONNECT {
                // The stream lasts longer than its answer: whoever goes on with it keeps it open.
                request.extensions_mut().insert(Arc::new(counted.open()));
            }
            async move {
                let response = current.answer(request.map(Body::new), peer).await;
                Ok::<_, Infallible>(response.map(|body| open.lasting(body)))
            }
        });
        let stream = TokioIo::new(Turn::new(stream));
        let mut connection = pin!(self.http2.serve_connection(stream, service));
        let mut untaken = pin!(requests.give_up_untaken(self.write));
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = &mut untaken => {}
            _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
            () = requests.idle_for(self.idle) => connection.as_mut().graceful_shutdown(),
        }
        // A client that has been told to go, and has nothing open, is not waited for.
        tokio::select! {
            ended = connection => ended,
            () = &mut untaken => Ok(()),
            () = requests.idle_for(self.head) => Ok(()),
        }
    }
}

/// Drives a connection to its end; once `stop` is true, to the end of its open request.
async fn drive_http1<I, S>(
    connection: UpgradeableConnection<I, S>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), hyper::Error>
where
    I: Read + Write + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        ended = connection.as_mut() => return ended,
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    // Its deadlines run from the end of each answer: whoever is silent is not waited for.
    connection.await
}

fn tell_ended(error: &hyper::Error, peer: SocketAddr) {
    tracing::debug!(error.message = %error, client.address = %peer, "connection ended");
}

fn http1(limits: &LimitsConfig) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_timeout_ms))
        .max_headers(limits.headers)
        // hyper refuses what exceeds the buffer with 431; it cannot be smaller than 8 KiB.
        .max_buf_size(limits.head_bytes.max(8 * 1024));
    builder
}

fn http2(limits: &LimitsConfig) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
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
