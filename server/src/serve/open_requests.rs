//! How many requests a connection has open, and since when it has had none.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use tokio::sync::watch;

/// Counts a connection's requests, each until the last byte of its response is handed on.
#[derive(Clone, Debug)]
pub struct OpenRequests(watch::Sender<usize>);

impl OpenRequests {
    /// None yet.
    pub fn none() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Counts one, until what is returned is dropped.
    pub fn open(&self) -> OpenRequest {
        self.0.send_modify(|open| *open += 1);
        OpenRequest(self.0.clone())
    }

    /// Waits until there has been none for this long.
    pub async fn idle_for(&self, time: Duration) {
        let mut open = self.0.subscribe();
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
pub struct OpenRequest(watch::Sender<usize>);

impl OpenRequest {
    /// The body of its response: the request is open for as long as it is.
    pub fn lasting(self, body: Body) -> Body {
        Body::new(Lasting { body, _open: self })
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open = open.saturating_sub(1));
    }
}

struct Lasting {
    body: Body,
    _open: OpenRequest,
}

impl http_body::Body for Lasting {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
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
}
