use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::unconstrained;

use super::{SendError, Stream};
use crate::body::RequestBody;
use crate::turn::Turn;

/// An upstream's response head, and chunk headers: more is an attack or a mistake.
const MAX_HEADERS: usize = 128;
/// Bytes of response head that are buffered while it arrives.
const MAX_BUFFER: usize = 64 * 1024;

/// Hyper's half of a connection that reads and writes the socket.
type Exchange = http1::Connection<TokioIo<Turn<Stream>>, RequestBody>;

/// One HTTP/1.1 connection to an upstream.
///
/// Hyper's half that reads and writes the socket is polled by whoever waits for the answer, instead of by a task of its
/// own: a call then costs no hand-over between tasks, and a caller that goes away closes the connection at once. Only a
/// call with a streamed body gets a task, because its upload must go on while nobody reads the answer.
pub(crate) struct Connection {
    sender: SendRequest<RequestBody>,
    /// None once a task of its own drives it.
    exchange: Option<Box<Exchange>>,
    idle_since: Instant,
}

impl Connection {
    pub(crate) async fn open(stream: Stream) -> Result<Self, hyper::Error> {
        let (sender, exchange) = Builder::new()
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_BUFFER)
            .handshake(TokioIo::new(Turn::new(stream)))
            .await?;
        Ok(Self { sender, exchange: Some(Box::new(exchange)), idle_since: Instant::now() })
    }

    /// Sends `request` and waits for the response's head.
    pub(crate) async fn send(
        &mut self,
        request: Box<Request<RequestBody>>,
    ) -> Result<Response<Incoming>, SendError> {
        if request.body().is_streamed() {
            self.detach();
        }
        // Unconstrained: a task's budget that ran out here would wake the quiet waker below, and nobody would come back.
        let mut answer = pin!(unconstrained(self.sender.try_send_request(*request)));
        let exchange = &mut self.exchange;
        let sent = poll_fn(|cx| {
            let done = poll_exchange(exchange, cx);
            // While the exchange is polled here, everything that can complete the answer happens in the line above:
            // a waker for the answer would only wake this task again for nothing.
            let mut quiet = Context::from_waker(Waker::noop());
            let cx = if done || exchange.is_some() { &mut quiet } else { cx };
            answer.as_mut().poll(cx)
        });
        sent.await.map_err(|mut error| match error.take_message() {
            Some(request) => SendError::Unsent(Box::new(request)),
            None => SendError::Broken(error.into_error().into()),
        })
    }

    /// Sends `request` as the only one: a new connection that ends with the answer, or leaves HTTP with it
    /// ([`hyper::upgrade::on`]).
    pub(crate) async fn send_alone(
        mut self,
        request: Box<Request<RequestBody>>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        if let Some(exchange) = self.exchange.take() {
            // The task ends with the connection, or hands it over; errors reach the caller through the answer.
            drop(tokio::spawn(exchange.with_upgrades()));
        }
        self.sender.send_request(*request).await
    }

    /// Lets the socket be read and written on behalf of whoever waits for the response's body.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        poll_exchange(&mut self.exchange, cx);
    }

    /// Whether the answer's end has been read and the connection can take another request.
    pub(crate) fn settle(&mut self) -> bool {
        // Without a waker: nothing shall be woken on behalf of an idle connection.
        self.poll(&mut Context::from_waker(Waker::noop()));
        self.idle_since = Instant::now();
        self.sender.is_ready()
    }

    /// Whether it is still usable, as far as this side can know.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.poll(&mut Context::from_waker(Waker::noop()));
        self.sender.is_ready()
    }

    /// How long it has been idle.
    pub(crate) fn idle(&self) -> Duration {
        self.idle_since.elapsed()
    }

    fn detach(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            // The task ends with the connection; what went wrong reaches the caller through the answer or its body.
            drop(tokio::spawn(async move { exchange.await.ok() }));
        }
    }
}

/// Polls the exchange; whether it has come to its end.
fn poll_exchange(exchange: &mut Option<Box<Exchange>>, cx: &mut Context<'_>) -> bool {
    let Some(inner) = exchange else { return false };
    let done = Pin::new(inner.as_mut()).poll(cx);
    if done.is_ready() {
        *exchange = None;
    }
    done.is_ready()
}
