//! A connection that its HTTP implementation may lose in the middle.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection in hyper's hands, which does not give one back before its answer is over.
pub struct Lent<S>(Arc<Mutex<Slot<S>>>);

/// The owner's side.
pub struct Owner<S>(Arc<Mutex<Slot<S>>>);

struct Slot<S> {
    /// None once it was taken back.
    stream: Option<S>,
    /// Whether the last bytes to be written found no room: more may stand in hyper's buffers.
    is_blocked: bool,
}

/// Lends a connection.
pub fn lend<S>(stream: S) -> (Owner<S>, Lent<S>) {
    let slot = Arc::new(Mutex::new(Slot { stream: Some(stream), is_blocked: false }));
    (Owner(slot.clone()), Lent(slot))
}

impl<S> Owner<S> {
    /// Whether everything that was to be written has left.
    pub fn is_flushed(&self) -> bool {
        let slot = self.0.lock();
        !slot.is_blocked && slot.stream.is_some()
    }

    /// Takes the connection back; for whoever it was lent to, nothing more ever happens on it.
    pub fn take(self) -> Option<S> {
        self.0.lock().stream.take()
    }
}

impl<S> Clone for Owner<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lent<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.0.lock().stream {
            Some(stream) => Pin::new(stream).poll_read(cx, out),
            None => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> Lent<S> {
    fn poll_with<T>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut slot = self.0.lock();
        let Some(stream) = &mut slot.stream else { return Poll::Pending };
        let polled = poll(Pin::new(stream), cx);
        slot.is_blocked = polled.is_pending();
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lent<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_with(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_with(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_with(cx, |stream, cx| stream.poll_shutdown(cx))
    }

    fn is_write_vectored(&self) -> bool {
        self.0.lock().stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(cx, |stream, cx| stream.poll_write_vectored(cx, parts))
    }
}
