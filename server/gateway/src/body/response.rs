use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use thiserror::Error;

use crate::upstream::{Connection, Pool};

/// An upstream's body as it arrives. Nothing is read from the upstream before the caller wants it; dropping it before
/// its end closes the upstream connection.
pub struct ResponseBody {
    incoming: Incoming,
    /// Handed back to the pool when the body ends.
    lease: Option<(Connection, Arc<Pool>)>,
}

/// The upstream's answer broke off after its head.
#[derive(Debug, Error)]
#[error("the upstream's answer broke off: {0}")]
pub struct ResponseBodyError(#[from] hyper::Error);

impl ResponseBody {
    pub(crate) fn new(incoming: Incoming, connection: Connection, pool: Arc<Pool>) -> Self {
        let mut body = Self { incoming, lease: Some((connection, pool)) };
        body.give_back_at_end();
        body
    }

    fn give_back_at_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        if let Some((connection, pool)) = self.lease.take() {
            pool.put(connection);
        }
    }

    /// The body's next frame; the socket is read when there is none yet.
    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // First the body, which tells the connection that a frame is wanted, then the connection, then what it brought.
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let Some((connection, _)) = &mut self.lease else { return Poll::Pending };
        connection.poll(cx);
        Pin::new(&mut self.incoming).poll_frame(cx)
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
        let frame = std::task::ready!(body.poll_incoming(cx));
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
