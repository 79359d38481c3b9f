use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Pieces that together are at most this long, in bytes, are joined: one `send` costs less than a list of pieces.
const JOINED: usize = 2048;

/// So long does a peer's answer stay worth waiting for awake: about what a core takes to fall asleep, to be woken, and to fetch its
/// code and memory again, where it sleeps in a virtual machine.
const AWAKE: Duration = Duration::from_micros(100);

thread_local! {
    /// The stream that this thread wrote to last, and with it what it is most likely waiting for.
    static LAST_WRITTEN: Cell<u64> = const { Cell::new(0) };
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// A stream whose writes let other tasks that are ready go first.
///
/// A write to a peer that sleeps wakes it, which costs more than anything else that a call does. Where several tasks are
/// ready, all of them read and think before any of them writes: the writes follow close upon each other, and a peer that
/// the first one woke is awake for the rest. Where none is, the task goes on at once.
///
/// And whose reads stay awake for a peer that is quick. One that answered within [`AWAKE`] last time is looked for again and again
/// for as long, instead of going to sleep: other tasks go first at each look, and a thread does it for the last stream alone that it
/// wrote to, which is none that matters where there is much to do. A browser, or an upstream that has to think, is never waited for
/// like this.
#[derive(Debug)]
pub struct Turn<S> {
    stream: S,
    /// Whether the others have had their turn since the last write.
    taken: bool,
    number: u64,
    peer: Peer,
}

/// How soon the other side answers.
#[derive(Debug, Default)]
struct Peer {
    /// The last write, until something is read.
    written_at: Option<Instant>,
    is_quick: bool,
}

impl Peer {
    fn was_written_to(&mut self, now: Instant) {
        self.written_at = Some(now);
    }

    fn has_answered(&mut self, now: Instant) {
        if let Some(since) = self.written_at.take() {
            self.is_quick = now.duration_since(since) < AWAKE;
        }
    }

    /// Whether it is worth looking once more, without a pause.
    fn may_answer_now(&mut self, now: Instant) -> bool {
        self.is_quick =
            self.is_quick && self.written_at.is_some_and(|since| now.duration_since(since) < AWAKE);
        self.is_quick
    }

    /// Whether there is a reason to ask what time it is.
    fn is_awaited(&self) -> bool {
        self.written_at.is_some()
    }
}

impl<S> Turn<S> {
    /// Over `stream`.
    pub fn new(stream: S) -> Self {
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        Self { stream, taken: false, number, peer: Peer::default() }
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

    /// Takes note of a write.
    fn wrote(&mut self, written: &Poll<io::Result<usize>>) {
        self.taken = written.is_pending();
        if written.is_ready() {
            self.peer.was_written_to(Instant::now());
            LAST_WRITTEN.set(self.number);
        }
    }

    /// Takes note of a read; one that has to wait is tried again, for as long as that is worth it.
    fn tried_to_read(&mut self, is_ready: bool, cx: &mut Context<'_>) {
        if !self.peer.is_awaited() {
            return;
        }
        if is_ready {
            self.peer.has_answered(Instant::now());
        } else if LAST_WRITTEN.get() == self.number && self.peer.may_answer_now(Instant::now()) {
            // Woken once the runtime has looked for whatever else there is.
            let _ = pin!(tokio::task::yield_now()).poll(cx);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Turn<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, out);
        self.tried_to_read(read.is_ready(), cx);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Turn<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(cx));
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(&written);
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
        self.wrote(&written);
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

    #[test]
    fn a_peer_that_was_quick_is_waited_for_awake_and_not_for_long() {
        let (mut peer, start) = (Peer::default(), Instant::now());
        let after = |micros| start + Duration::from_micros(micros);
        assert!(!peer.may_answer_now(start), "nothing was asked");
        peer.was_written_to(after(0));
        assert!(!peer.may_answer_now(after(1)), "nothing is known of it yet");
        peer.has_answered(after(50));
        peer.was_written_to(after(1000));
        assert!(peer.may_answer_now(after(1099)));
        assert!(!peer.may_answer_now(after(1100)), "it took too long");
        assert!(!peer.may_answer_now(after(1050)), "and is not trusted again before it was quick again");
        peer.has_answered(after(1200));
        peer.was_written_to(after(2000));
        assert!(!peer.may_answer_now(after(2001)), "it was slow");
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
