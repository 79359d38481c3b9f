use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use thiserror::Error;

use super::BoxError;
use crate::headers::{Nominated, request_trailers};
use crate::quota::Charge;

/// Bodies up to this size (bytes, as declared) are read before they are sent, so that they can be sent again with a
/// fresh token. It is what a form or a JSON document takes; larger ones stream.
const REPLAYABLE: u64 = 64 * 1024;

/// A caller's body on its way to the upstream.
pub(crate) enum RequestBody {
    Empty,
    Whole(Bytes),
    Streamed(Streamed),
}

/// A body that arrives while it is sent.
pub(crate) struct Streamed {
    body: Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>,
    progress: Arc<Progress>,
    charge: Option<Charge>,
    /// Whether trailers are known to follow: then HTTP/1.1 sends it in chunks, though its length is known.
    has_trailers: bool,
    /// What the caller said concerns its connection: trailers of these names stay behind.
    nominated: Nominated,
}

/// How far an upload has come: the deadline of a call begins anew while its body moves.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pieces: AtomicU64,
    /// Whether the next piece is wanted and has not come: whoever waits, waits for the caller.
    starved: AtomicBool,
}

impl Progress {
    /// A number that changes with every piece of the body that is sent.
    pub(crate) fn mark(&self) -> u64 {
        self.pieces.load(Ordering::Relaxed)
    }

    /// Whether it is the caller who keeps the upload waiting, and not the upstream.
    pub(crate) fn is_starved(&self) -> bool {
        self.starved.load(Ordering::Relaxed)
    }
}

/// The caller's body did not arrive whole.
#[derive(Debug, Error)]
#[error("the request's body broke off: {0}")]
pub struct RequestBodyError(BoxError);

impl RequestBodyError {
    pub(crate) fn of(error: BoxError) -> Self {
        Self(error)
    }
}

impl RequestBody {
    /// Takes a caller's body. A small one of known length is read to its end first.
    pub(crate) async fn take<B>(body: B) -> Result<Self, RequestBodyError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if body.is_end_stream() {
            return Ok(Self::Empty);
        }
        if body.size_hint().exact().is_some_and(|length| length <= REPLAYABLE) {
            let whole = body.collect().await.map_err(|error| RequestBodyError(error.into()))?;
            return Ok(match whole.trailers() {
                None => Self::held(whole.to_bytes()),
                Some(_) => Self::streamed(whole.map_err(|never| match never {}), true),
            });
        }
        Ok(Self::streamed(body.map_err(Into::into), false))
    }

    fn streamed(
        body: impl Body<Data = Bytes, Error = BoxError> + Send + 'static,
        has_trailers: bool,
    ) -> Self {
        Self::Streamed(Streamed {
            body: Box::pin(body),
            progress: Arc::default(),
            charge: None,
            has_trailers,
            nominated: Nominated::default(),
        })
    }

    /// Keeps back trailers of these names.
    pub(crate) fn nominate(&mut self, nominated: Nominated) {
        if let Self::Streamed(streamed) = self {
            streamed.nominated = nominated;
        }
    }

    /// The same body, whose bytes are charged to the remote that it is for.
    pub(crate) fn charged(mut self, charge: Option<Charge>) -> Self {
        match (&mut self, charge) {
            (Self::Whole(bytes), Some(charge)) => charge.add(bytes.len()),
            (Self::Streamed(streamed), charge) => streamed.charge = charge,
            (Self::Empty | Self::Whole(_), _) => {}
        }
        self
    }

    /// A body that is at hand.
    pub(crate) fn held(bytes: Bytes) -> Self {
        if bytes.is_empty() { Self::Empty } else { Self::Whole(bytes) }
    }

    /// The bytes, unless they are streamed.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Empty => Some(Bytes::new()),
            Self::Whole(bytes) => Some(bytes.clone()),
            Self::Streamed(_) => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    pub(crate) fn is_streamed(&self) -> bool {
        matches!(self, Self::Streamed(_))
    }

    /// How far a streamed body has come.
    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        match self {
            Self::Streamed(streamed) => Some(Arc::clone(&streamed.progress)),
            Self::Empty | Self::Whole(_) => None,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Streamed(streamed) => {
                let frame = streamed.body.as_mut().poll_frame(cx);
                streamed.progress.starved.store(frame.is_pending(), Ordering::Relaxed);
                let frame = ready!(frame);
                streamed.progress.pieces.fetch_add(1, Ordering::Relaxed);
                let frame = match frame {
                    Some(Ok(frame)) => frame,
                    end => return Poll::Ready(end),
                };
                if let Some(charge) = &streamed.charge {
                    charge.add(frame.data_ref().map_or(0, Bytes::len));
                }
                Poll::Ready(match frame.into_trailers() {
                    Err(frame) => Some(Ok(frame)),
                    Ok(trailers) => {
                        let trailers = request_trailers(trailers, &streamed.nominated);
                        trailers.map(|trailers| Ok(Frame::trailers(trailers)))
                    }
                })
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Streamed(streamed) => streamed.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Streamed(streamed) if streamed.has_trailers => SizeHint::default(),
            Self::Streamed(streamed) => streamed.body.size_hint(),
        }
    }
}
