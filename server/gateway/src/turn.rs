use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Pieces that together are at most this long, in bytes, are joined: one `send` costs less than a list of pieces.
const JOINED: usize = 2048;

/// A stream whose writes let other tasks that are ready go first.
///
/// A write to a peer that sleeps wakes it, which costs more than anything else that a call does. Where several tasks are
/// ready, all of them read and think before any of them writes: the writes follow close upon each other, and a peer that
/// the first one woke is awake for the rest. Where none is, the task goes on at once.
#[derive(Debug)]
pub struct Turn<S> {
    stream: S,
    /// Whether the others have had their turn since the last write.
    taken: bool,
}

impl<S> Turn<S> {
    /// Over `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream, taken: false }
    }

    /// The stream itself.
    pub fn into_inner(self) -> S {
        self.stream
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.taken {
            return Poll::Ready(());
        }
        self.taken = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Turn<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, out)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Turn<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(cx));
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.taken = written.is_pending();
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(cx));
        let stream = Pin::new(&mut self.stream);
        let written = match pieces {
            [piece] => stream.poll_write(cx, piece),
            pieces if pieces.iter().map(|piece| piece.len()).sum::<usize>() <= JOINED => {
                let mut joined = SmallVec::<[u8; JOINED]>::new();
                pieces.iter().for_each(|piece| joined.extend_from_slice(piece));
                stream.poll_write(cx, &joined)
            }
            pieces => stream.poll_write_vectored(cx, pieces),
        };
        self.taken = written.is_pending();
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn who_is_ready_goes_before_a_write_and_once_only() {
        let (_client, server) = duplex(64);
        let mut turn = Turn::new(server);
        for _ in 0..2 {
            let order = RefCell::new(Vec::new());
            let write = async {
                turn.write_all(b"x").await.expect("there is room");
                order.borrow_mut().push("written");
            };
            let think = async { order.borrow_mut().push("thought") };
            tokio::join!(write, think);
            assert_eq!(*order.borrow(), ["thought", "written"]);
        }
    }

    #[tokio::test]
    async fn pieces_go_out_in_order_and_short_ones_together() {
        for (first, second) in [(3, 5), (0, 7), (1000, 1048), (1000, 1049), (10, 5000), (5000, 0)] {
            let (mut client, server) = duplex(16 * 1024);
            let mut turn = Turn::new(server);
            let (head, body) = (vec![b'h'; first], vec![b'b'; second]);
            let pieces = [IoSlice::new(&head), IoSlice::new(&body)];
            let written = turn.write_vectored(&pieces).await.expect("there is room");
            let all = [head.as_slice(), body.as_slice()].concat();
            assert!(written == all.len() || all.len() > JOINED, "{first} and {second} are one piece");
            let mut arrived = vec![0; written];
            client.read_exact(&mut arrived).await.expect("they arrive");
            assert_eq!(arrived, all[..written]);
        }
    }
}
