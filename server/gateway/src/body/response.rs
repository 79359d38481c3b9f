use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use thiserror::Error;
use tokio::time::{Sleep, sleep};

use crate::upstream::Lease;

/// An upstream's body as it arrives. Nothing is read from the upstream before the caller wants it; dropping it before
/// its end closes the upstream connection.
pub struct ResponseBody {
    incoming: Incoming,
    /// Handed back to the pool when the body ends.
    lease: Option<Lease>,
    /// How long the upstream may pause; none where pauses are part of the answer.
    pause_limit: Option<Duration>,
    /// Runs while nothing comes; a body that is there already never starts it.
    pause: Option<Pin<Box<Sleep>>>,
}

/// Why an upstream's answer broke off after its head.
#[derive(Debug, Error)]
pub enum ResponseBodyError {
    /// The connection ended before the body did.
    #[error("the upstream's answer broke off: {0}")]
    Broken(#[from] hyper::Error),
    /// Nothing came for this long.
    #[error("the upstream's answer paused for {0:?}")]
    Paused(Duration),
}

impl ResponseBody {
    pub(crate) fn new(incoming: Incoming, lease: Lease, pause_limit: Option<Duration>) -> Self {
        let mut body = Self { incoming, lease: Some(lease), pause_limit, pause: None };
        body.give_back_at_end();
        body
    }

    fn give_back_at_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }

    /// The body's next frame; the socket is read when there is none yet.
    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // First the body, which tells the connection that a frame is wanted, then the connection, then what it brought.
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let Some(lease) = &mut self.lease else { return Poll::Pending };
        lease.connection.poll(cx);
        Pin::new(&mut self.incoming).poll_frame(cx)
    }

    /// Waits no longer than the limit for the next frame.
    fn poll_pause<T>(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, ResponseBodyError>>> {
        let Some(limit) = self.pause_limit else { return Poll::Pending };
        let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(pause.as_mut().poll(cx));
        self.lease = None;
        Poll::Ready(Some(Err(ResponseBodyError::Paused(limit))))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = ResponseBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseBodyError>>> {
        let body = self.get_mut();
        let Poll::Ready(frame) = body.poll_incoming(cx) else { return body.poll_pause(cx) };
        body.pause = None;
        match frame {
            Some(Ok(frame)) => {
                body.give_back_at_end();
                // Trailers would go round the header rules; none is promised to the browser.
                if frame.is_trailers() {
                    body.give_back();
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                body.lease = None;
                Poll::Ready(Some(Err(error.into())))
            }
            None => {
                body.give_back();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("size_hint", &self.incoming.size_hint()).finish_non_exhaustive()
    }
}
