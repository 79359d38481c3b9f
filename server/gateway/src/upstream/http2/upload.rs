use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::Body as _;
use tokio::task::AbortHandle;

use crate::body::{BoxError, RequestBody};

/// A caller's body on its way into a stream: the next piece is taken from the caller when the upstream has room for the
/// last one. Resolves when all of it is handed over, or when the upstream wants no more of it, which the answer tells.
pub(super) struct Upload {
    stream: SendStream<Bytes>,
    body: RequestBody,
    /// A piece that waits for room, and whether it is the last.
    piece: Option<(Bytes, bool)>,
}

/// An upload that goes on while the answer is read. Dropped, it ends, and its stream with it.
pub(super) struct GoingOn(AbortHandle);

impl Upload {
    pub(super) fn new(stream: SendStream<Bytes>, body: RequestBody) -> Self {
        Self { stream, body, piece: None }
    }

    /// Goes on in a task of its own.
    pub(super) fn go_on(self) -> GoingOn {
        GoingOn(tokio::spawn(self).abort_handle())
    }

    /// Sends the piece that waits, once there is room; whether the upload is over.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.piece.is_none() {
            return Poll::Ready(false);
        }
        while self.stream.capacity() == 0 {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(true),
            }
        }
        let Some((bytes, is_last)) = self.piece.take() else { return Poll::Ready(false) };
        Poll::Ready(self.stream.send_data(bytes, is_last).is_err() || is_last)
    }
}

impl Future for Upload {
    type Output = Result<(), BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let upload = &mut *self;
        loop {
            if upload.stream.poll_reset(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            if ready!(upload.poll_piece(cx)) {
                return Poll::Ready(Ok(()));
            }
            let frame = match ready!(Pin::new(&mut upload.body).poll_frame(cx)) {
                None => {
                    // The stream may be over on the other side: that is told by the answer.
                    drop(upload.stream.send_data(Bytes::new(), true));
                    return Poll::Ready(Ok(()));
                }
                Some(Err(error)) => {
                    // Without this the upstream would take what it has for the whole.
                    upload.stream.send_reset(Reason::CANCEL);
                    return Poll::Ready(Err(error));
                }
                Some(Ok(frame)) => frame,
            };
            match frame.into_data() {
                Ok(bytes) => {
                    // Room for a first byte is asked for, not for all of them: whoever waits for a large piece would
                    // otherwise hold what others could use.
                    upload.stream.reserve_capacity(1.min(bytes.len()));
                    let is_last = upload.body.is_end_stream();
                    if bytes.is_empty() && !is_last {
                        continue;
                    }
                    if bytes.is_empty() {
                        drop(upload.stream.send_data(bytes, true));
                        return Poll::Ready(Ok(()));
                    }
                    upload.piece = Some((bytes, is_last));
                }
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        upload.stream.reserve_capacity(0);
                        drop(upload.stream.send_trailers(trailers));
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl Drop for GoingOn {
    fn drop(&mut self) {
        self.0.abort();
    }
}
