use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Arriving;
use crate::headers::{Nominated, response_trailers};
use crate::quota::{Meter, QuotaExceeded};
use crate::upstream::{ExchangeError, Lease};

/// An upstream's body as it arrives. Nothing is read from the upstream before the caller wants it; dropping it before
/// its end closes the upstream connection, or resets its stream.
pub struct ResponseBody {
    incoming: Arriving,
    /// Handed back to the pool when the body ends.
    lease: Option<Lease>,
    /// How long the upstream may pause; none where pauses are part of the answer.
    pause_limit: Option<Duration>,
    /// Runs while nothing comes; a body that is there already never starts it.
    pause: Option<Pin<Box<Sleep>>>,
    /// Holds the answer to its remote's quota.
    meter: Meter,
    /// What the upstream said concerns its connection: trailers of these names stay behind.
    nominated: Option<Box<Nominated>>,
}

/// Why an upstream's answer broke off after its head.
#[derive(Debug, Error)]
pub enum ResponseBodyError {
    /// The connection ended before the body did.
    #[error("the upstream's answer broke off: {0}")]
    Broken(#[from] ExchangeError),
    /// Nothing came for this long.
    #[error("the upstream's answer paused for {0:?}")]
    Paused(Duration),
    /// It would exceed what its remote may use.
    #[error("the upstream's answer was cut: {0}")]
    Quota(#[from] QuotaExceeded),
}

impl ResponseBody {
    pub(crate) fn new(incoming: Arriving, lease: Lease, pause_limit: Option<Duration>) -> Self {
        let mut body = Self {
            incoming,
            lease: Some(lease),
            pause_limit,
            pause: None,
            meter: Meter::default(),
            nominated: None,
        };
        body.give_back_at_end();
        body
    }

    /// Keeps back trailers of these names.
    pub(crate) fn nominate(&mut self, nominated: Nominated) {
        self.nominated = (!nominated.is_empty()).then(|| Box::new(nominated));
    }

    /// The same body, held to a quota.
    pub(crate) fn metered(mut self, meter: Meter) -> Self {
        self.meter = meter;
        if self.incoming.is_end_stream() {
            self.meter.end();
        }
        self
    }

    /// A body whose connection has a task of its own and serves nothing else.
    pub(crate) fn of_own_connection(incoming: Incoming, pause_limit: Duration) -> Self {
        let incoming = Arriving::Http1(incoming);
        Self {
            incoming,
            lease: None,
            pause_limit: Some(pause_limit),
            pause: None,
            meter: Meter::default(),
            nominated: None,
        }
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
        self.meter.end();
    }

    /// The body's next frame; the socket is read when there is none yet.
    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ExchangeError>>> {
        // First the body, which tells the connection that a frame is wanted, then the connection, then what it brought.
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let Some(lease) = &mut self.lease else { return Poll::Pending };
        lease.poll(cx);
        Pin::new(&mut self.incoming).poll_frame(cx)
    }

    /// Waits no longer than the limits for the next frame.
    fn poll_pause<T>(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, ResponseBodyError>>> {
        let Some(limit) = self.pause_limit else { return Poll::Pending };
        let deadline = self.meter.deadline();
        let pause = self.pause.get_or_insert_with(|| {
            let paused = Instant::now() + limit;
            Box::pin(sleep_until(deadline.map_or(paused, |deadline| deadline.min(paused))))
        });
        ready!(pause.as_mut().poll(cx));
        let overdue = self.meter.overdue();
        Poll::Ready(Some(Err(self.cut(overdue.err().map_or(ResponseBodyError::Paused(limit), Into::into)))))
    }

    /// Ends the answer before its end.
    fn cut(&mut self, error: ResponseBodyError) -> ResponseBodyError {
        self.lease = None;
        self.meter.end();
        error
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
                let last = body.incoming.is_end_stream();
                let length = frame.data_ref().map_or(0, Bytes::len);
                if let Err(exceeded) = body.meter.count(length, last) {
                    return Poll::Ready(Some(Err(body.cut(exceeded.into()))));
                }
                body.give_back_at_end();
                match frame.into_trailers() {
                    Err(frame) => Poll::Ready(Some(Ok(frame))),
                    // Nothing follows them.
                    Ok(trailers) => {
                        body.give_back();
                        let nominated = body.nominated.take().unwrap_or_default();
                        let trailers = response_trailers(trailers, &nominated);
                        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
                    }
                }
            }
            Some(Err(error)) => Poll::Ready(Some(Err(body.cut(error.into())))),
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
