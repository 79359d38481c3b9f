//! A body whose sender may not pause for long.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep};

/// The sender paused for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the body did not go on within the time limit")]
pub struct PausedTooLong;

/// A body that breaks off when it does not go on within `pause`. Unlike `tower_http`'s, it keeps what is known of the
/// body's length, so that a small one stays replayable and goes on with its `Content-Length`.
pub struct PacedBody {
    body: Body,
    pause: Duration,
    limit: Pin<Box<Sleep>>,
}

impl PacedBody {
    /// Watches over `body`. The time runs while somebody waits for it.
    pub fn new(body: Body, pause: Duration) -> Self {
        Self { body, pause, limit: Box::pin(sleep(pause)) }
    }
}

impl http_body::Body for PacedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let next = Instant::now() + self.pause;
            self.limit.as_mut().reset(next);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(self.limit.as_mut().poll(cx));
        Poll::Ready(Some(Err(PausedTooLong.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn case_71_a_body_that_pauses_for_too_long_breaks_off() {
        let silent = futures::stream::pending::<Result<Bytes, std::convert::Infallible>>();
        let body = PacedBody::new(Body::from_stream(silent), Duration::from_millis(20));
        let error = body.collect().await.expect_err("must break off");
        assert!(error.is::<PausedTooLong>());
    }

    #[tokio::test]
    async fn the_length_of_a_body_stays_known() {
        let body = PacedBody::new(Body::from("four"), Duration::from_secs(1));
        assert_eq!(body.size_hint().exact(), Some(4));
        assert_eq!(body.collect().await.expect("arrives").to_bytes(), "four");
    }
}
