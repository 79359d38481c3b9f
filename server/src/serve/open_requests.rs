//! How many requests a connection has open, since when it has had none, and which of their answers nobody takes.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::Instant;

/// Counts a connection's requests, each until the last byte of its response is handed on.
#[derive(Clone, Debug)]
pub struct OpenRequests {
    count: watch::Sender<usize>,
    answers: Arc<Mutex<Vec<Weak<Answer>>>>,
}

/// The body of a response, which may be taken away from a client that does not want it.
type Answer = Mutex<Handing>;

#[derive(Debug)]
struct Handing {
    /// None once it was given up.
    body: Option<Body>,
    /// Since when a piece of it waits for the client; none while the client waits for a piece.
    since: Option<Instant>,
}

/// The client took nothing of this answer for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the client did not take the answer within the time limit")]
pub struct NotTaken;

impl OpenRequests {
    /// None yet.
    pub fn none() -> Self {
        Self { count: watch::Sender::new(0), answers: Arc::default() }
    }

    /// Counts one, until what is returned is dropped.
    pub fn open(&self) -> OpenRequest {
        self.count.send_modify(|open| *open += 1);
        OpenRequest { count: self.count.clone(), answers: self.answers.clone() }
    }

    /// Gives up, again and again, the answers of which the client has taken nothing for `limit`. In HTTP/2 a client that
    /// does not open its window looks alive to the socket; what its answers hold (an upstream, a place in a quota) is freed.
    pub async fn give_up_untaken(&self, limit: Duration) {
        loop {
            tokio::time::sleep(limit / 2).await;
            let mut freed = Vec::new();
            self.answers.lock().retain(|answer| {
                let Some(answer) = answer.upgrade() else { return false };
                let mut handing = answer.lock();
                if handing.since.is_some_and(|since| since.elapsed() >= limit) {
                    freed.extend(handing.body.take());
                }
                handing.body.is_some()
            });
            // Apart from the locks: what ends with a body may do more than free memory.
            drop(freed);
        }
    }

    /// Waits until there has been none for this long.
    pub async fn idle_for(&self, time: Duration) {
        let mut open = self.count.subscribe();
        loop {
            // Neither wait can fail: `self` holds the sender.
            let _ = open.wait_for(|open| *open == 0).await;
            tokio::select! {
                () = tokio::time::sleep(time) => return,
                _ = open.changed() => {}
            }
        }
    }
}

/// One request of a connection.
#[derive(Debug)]
pub struct OpenRequest {
    count: watch::Sender<usize>,
    answers: Arc<Mutex<Vec<Weak<Answer>>>>,
}

impl OpenRequest {
    /// The body of its response: the request is open for as long as it is.
    pub fn lasting(self, body: Body) -> Body {
        if http_body::Body::is_end_stream(&body) {
            return body;
        }
        let answer = Arc::new(Mutex::new(Handing { body: Some(body), since: None }));
        self.answers.lock().push(Arc::downgrade(&answer));
        Body::new(Lasting { answer, _open: self })
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.count.send_modify(|open| *open = open.saturating_sub(1));
    }
}

struct Lasting {
    answer: Arc<Answer>,
    _open: OpenRequest,
}

impl http_body::Body for Lasting {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let mut handing = self.answer.lock();
        let Some(body) = &mut handing.body else { return Poll::Ready(Some(Err(NotTaken.into()))) };
        let frame = Pin::new(body).poll_frame(cx);
        // A piece is out of the client's way only when the next one is asked for.
        handing.since = matches!(frame, Poll::Ready(Some(Ok(_)))).then(Instant::now);
        frame.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.answer.lock().body.as_ref().is_some_and(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.answer.lock().body.as_ref().map(http_body::Body::size_hint).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_idle_only_after_its_last_response_has_ended() {
        let requests = OpenRequests::none();
        let body = requests.open().lasting(Body::from("x"));
        let time = Duration::from_millis(200);
        let idle = requests.idle_for(time);
        let mut idle = std::pin::pin!(idle);
        assert!(tokio::time::timeout(time * 3, idle.as_mut()).await.is_err(), "a response is under way");
        drop(body);
        assert!(tokio::time::timeout(time / 4, idle.as_mut()).await.is_err(), "only just now");
        drop(requests.open());
        let begun = std::time::Instant::now();
        idle.await;
        assert!(begun.elapsed() >= time, "another request began the time anew");
    }

    #[tokio::test]
    async fn case_71_an_answer_that_nobody_takes_is_given_up_and_one_that_waits_for_more_is_not() {
        use http_body_util::BodyExt as _;

        let requests = OpenRequests::none();
        let piece = || Ok::<_, std::convert::Infallible>(Bytes::from_static(b"x"));
        let stream = futures::stream::iter([piece(), piece()]);
        let mut untaken = requests.open().lasting(Body::from_stream(stream));
        let mut waiting = requests.open().lasting(Body::from_stream(futures::stream::pending::<
            Result<Bytes, std::convert::Infallible>,
        >()));
        untaken.frame().await.expect("a piece").expect("which is sound");
        let limit = Duration::from_millis(100);
        let never = tokio::time::timeout(limit * 4, waiting.frame());
        tokio::select! {
            () = requests.give_up_untaken(limit) => {}
            ended = never => assert!(ended.is_err(), "it goes on waiting"),
        }
        let error = untaken.frame().await.expect("an end").expect_err("was given up");
        assert!(format!("{error:?}").contains("NotTaken"), "{error:?}");
    }
}
