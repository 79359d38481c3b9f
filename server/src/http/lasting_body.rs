//! An answer that ends with its session.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use futures::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use portico_gateway::{AnswerBody, ResponseBodyError, TunnelEnd};
use thiserror::Error;

use super::Authenticated;
use crate::state::AppState;

/// What is shorter than this, in bytes, is handed over whatever happens: it was allowed when it was asked for.
const SHORT: u64 = 64 * 1024;

/// An upstream's body that breaks off when its session ends, or may do other things than when it was asked for. Only one
/// that makes the client wait, or goes on for more than one piece, costs a look at the session.
pub struct LastingBody {
    body: AnswerBody,
    /// Whether its end is no loss: an event stream is opened again.
    is_stream: bool,
    pieces: u8,
    of: (AppState, Authenticated),
    end: Option<BoxFuture<'static, TunnelEnd>>,
}

/// Why an answer broke off.
#[derive(Debug, Error)]
pub enum LastingBodyError {
    /// The upstream's part.
    #[error(transparent)]
    Upstream(#[from] ResponseBodyError),
    /// The session's part.
    #[error("the session that asked for it ended: {0:?}")]
    Session(TunnelEnd),
}

impl LastingBody {
    /// Whether `body` may last.
    pub fn is_for(body: &AnswerBody) -> bool {
        !body.is_end_stream() && body.size_hint().exact().is_none_or(|length| length > SHORT)
    }

    /// Watches over `body`.
    pub fn new(body: AnswerBody, is_stream: bool, state: AppState, session: Authenticated) -> Self {
        Self { body, is_stream, pieces: 0, of: (state, session), end: None }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<TunnelEnd> {
        let (state, session) = &self.of;
        let end = self.end.get_or_insert_with(|| {
            let answer = state.open_calls.answer(session.active.id);
            Box::pin(answer.ended(state.clone(), session.clone()))
        });
        end.as_mut().poll(cx)
    }
}

impl Body for LastingBody {
    type Data = Bytes;
    type Error = LastingBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, LastingBodyError>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        let goes_on = match &frame {
            Poll::Ready(Some(Ok(_))) => {
                this.pieces = this.pieces.saturating_add(1);
                this.pieces > 1
            }
            Poll::Ready(_) => false,
            Poll::Pending => true,
        };
        if goes_on && let Poll::Ready(why) = this.poll_end(cx) {
            let error = Some(Err(LastingBodyError::Session(why)));
            return Poll::Ready(error.filter(|_| !this.is_stream));
        }
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
