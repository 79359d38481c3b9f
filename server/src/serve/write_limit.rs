//! A connection whose client must go on taking what it is sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A connection that breaks off when its client takes nothing for `limit` while something waits to be written. Without it
/// whoever asks and never reads holds a connection, an answer and an upstream for as long as it likes.
#[derive(Debug)]
pub struct WriteLimited<S> {
    stream: S,
    limit: Duration,
    /// Made when the first write has to wait, and kept for the next.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl<S> WriteLimited<S> {
    /// Watches over what is written to `stream`.
    pub fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, timer: None, waiting: false }
    }

    /// Passes on what came of a write, or ends it when it has waited for too long.
    fn bounded<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = false;
            return written;
        }
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.waiting {
            self.waiting = true;
            timer.as_mut().reset(Instant::now() + limit);
        }
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => {
                let told = format!("the client took nothing for {limit:?}");
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, told)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteLimited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, out)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteLimited<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bounded(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.bounded(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.bounded(cx, closed)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.bounded(cx, written)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const LIMIT: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn case_71_a_client_that_takes_nothing_is_cut() {
        let (_client, server) = tokio::io::duplex(16);
        let mut server = WriteLimited::new(server, LIMIT);
        let begun = Instant::now();
        let error = server.write_all(&[0; 100]).await.expect_err("is cut");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= LIMIT);
    }

    #[tokio::test]
    async fn a_slow_client_that_goes_on_taking_is_served() {
        // Seven pauses come to more than the limit, and each is far from it, on a machine that is slow as well.
        let (limit, pause) = (Duration::from_secs(2), Duration::from_millis(300));
        let (mut client, server) = tokio::io::duplex(16);
        let mut server = WriteLimited::new(server, limit);
        let reading = tokio::spawn(async move {
            let mut all = 0;
            let mut piece = [0; 16];
            loop {
                tokio::time::sleep(pause).await;
                match client.read(&mut piece).await.expect("it goes on") {
                    0 => return all,
                    more => all += more,
                }
            }
        });
        server.write_all(&[0; 100]).await.expect("is served");
        drop(server);
        assert_eq!(reading.await.expect("no panic"), 100);
    }
}
