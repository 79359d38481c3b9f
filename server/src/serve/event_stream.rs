//! Event streams on sockets of their own.
//!
//! A stream lasts for hours and says little. hyper keeps buffers and the state of a whole connection for it, and passes each
//! piece through them; an HTTP/1.1 connection whose answer is an event stream is taken out of its hands instead. What is left
//! is a socket and a body: 2 KiB in place of 31, and each piece is written as it stands, with no copy and no chunk around it.
//! While the body has nothing to say, the hub of events may write to the socket itself ([`OutletSlot`]).

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use axum::body::{Body, Bytes};
use axum::http::header::{CONNECTION, CONTENT_TYPE, DATE, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Method, StatusCode, response};
use axum::response::Response;
use bytes::Buf as _;
use http_body::Body as _;
use parking_lot::Mutex;
use portico_stream::{Outlet, OutletSlot, Written};
use smallvec::SmallVec;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of further requests that a client may send on the connection of a stream before it is cut. They are not read:
/// the connection ends with the stream.
const IGNORED: usize = 8 * 1024;
/// Bytes and pieces that leave together with the head, at most.
const GATHERED: usize = 64 * 1024;
const PIECES: usize = 8;

/// Whether the answer to a request of this method is a stream that may have the connection for itself.
pub fn is_one(method: &Method, response: &Response) -> bool {
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    *method == Method::GET
        && response.status() == StatusCode::OK
        && media_type.is_some_and(|value| value.starts_with("text/event-stream"))
        && response.body().size_hint().exact().is_none()
}

/// An answer that goes on until its body or its client ends.
pub struct EventStream<S> {
    stream: Shared<S>,
    body: Body,
    /// Being written, in order.
    pieces: VecDeque<Bytes>,
    /// The hub's, from when the first pieces have been written.
    slot: Option<OutletSlot>,
    /// How the body ended; told once everything before has been written.
    end: Option<io::Result<()>>,
    ignored: usize,
}

/// The connection, whose writer is the stream's task or the hub.
struct Shared<S>(Arc<Mutex<S>>);

impl<S: Unpin> Shared<S> {
    fn with<T>(&self, act: impl FnOnce(Pin<&mut S>) -> T) -> T {
        act(Pin::new(&mut *self.0.lock()))
    }
}

impl<S: AsyncWrite + Unpin + Send> Outlet for Shared<S> {
    fn write(&self, bytes: &[u8]) -> Written {
        // Whoever waits, if it comes to that, is the task: it tries again by itself.
        let mut cx = Context::from_waker(Waker::noop());
        let mut stream = self.0.lock();
        match Pin::new(&mut *stream).poll_write(&mut cx, bytes) {
            Poll::Ready(Ok(written)) if written == bytes.len() => {
                match Pin::new(&mut *stream).poll_flush(&mut cx) {
                    Poll::Ready(Ok(())) => Written::All,
                    _ => Written::Part(written),
                }
            }
            Poll::Ready(Ok(written)) => Written::Part(written),
            Poll::Ready(Err(_)) | Poll::Pending => Written::Part(0),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> EventStream<S> {
    /// Of a response whose head is yet to be written.
    pub fn new(stream: S, response: Response, now: OffsetDateTime) -> Self {
        let (mut head, body) = response.into_parts();
        let slot = head.extensions.remove();
        let pieces = VecDeque::from([head_of(head, now)]);
        Self { stream: Shared(Arc::new(Mutex::new(stream))), body, pieces, slot, end: None, ignored: 0 }
    }

    /// Writes it, piece by piece, to its end.
    ///
    /// # Errors
    /// The connection's own; the client is gone then, or takes nothing.
    pub async fn run(mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.gather(cx)).await;
        std::future::poll_fn(|cx| self.poll(cx)).await?;
        std::future::poll_fn(|cx| self.stream.with(|stream| stream.poll_shutdown(cx))).await
    }

    /// Puts what is there already behind the head: all of it leaves together. The body may be polled to where it waits only
    /// while the hub does not know of the connection, and would write to it.
    fn gather(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let bytes = |pieces: &VecDeque<Bytes>| pieces.iter().map(Bytes::len).sum::<usize>();
        while self.pieces.len() < PIECES && bytes(&self.pieces) < GATHERED && self.take_piece(cx) {}
        Poll::Ready(())
    }

    /// Takes the next piece of the body; whether there was one.
    fn take_piece(&mut self, cx: &mut Context<'_>) -> bool {
        if self.end.is_some() {
            return false;
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                // Trailers have no place without chunks.
                self.pieces.extend(frame.into_data().ok().filter(|piece| !piece.is_empty()));
                true
            }
            Poll::Ready(Some(Err(error))) => {
                self.end = Some(Err(io::Error::other(error)));
                false
            }
            Poll::Ready(None) => {
                self.end = Some(Ok(()));
                false
            }
            Poll::Pending => false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while !self.pieces.is_empty() {
                match self.poll_write(cx) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(Ok(written)) => self.pass(written),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return self.poll_client(cx),
                }
            }
            if let Some(slot) = self.slot.take() {
                slot.connect(Box::new(Shared(Arc::clone(&self.stream.0))));
            }
            if self.take_piece(cx) {
                continue;
            }
            if let Some(end) = self.end.take() {
                return Poll::Ready(end);
            }
            self.pieces = VecDeque::new();
            // What TLS holds back goes out before anybody waits.
            if let Poll::Ready(Err(error)) = self.stream.with(|stream| stream.poll_flush(cx)) {
                return Poll::Ready(Err(error));
            }
            return self.poll_client(cx);
        }
    }

    fn poll_write(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let slices: SmallVec<[IoSlice<'_>; PIECES]> =
            self.pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        self.stream.with(|stream| match &*slices {
            [piece] => stream.poll_write(cx, piece),
            pieces => stream.poll_write_vectored(cx, pieces),
        })
    }

    /// So many bytes have been written.
    fn pass(&mut self, mut written: usize) {
        while let Some(first) = self.pieces.front_mut() {
            if first.len() > written {
                first.advance(written);
                return;
            }
            written -= first.len();
            self.pieces.pop_front();
        }
    }

    /// Notices that the client is gone.
    fn poll_client(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 256];
        loop {
            let mut read = ReadBuf::new(&mut bytes);
            match self.stream.with(|stream| stream.poll_read(cx, &mut read)) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) if read.filled().is_empty() => {
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                Poll::Ready(Ok(())) => self.ignored += read.filled().len(),
            }
            if self.ignored > IGNORED {
                return Poll::Ready(Err(io::Error::other(
                    "more requests on the connection of an event stream",
                )));
            }
        }
    }
}

/// The head of an answer that ends with its connection (RFC 9112, section 6.3, the last case).
fn head_of(mut head: response::Parts, now: OffsetDateTime) -> Bytes {
    // RFC 9110, section 5.6.7.
    let date = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    head.headers.remove(TRANSFER_ENCODING);
    head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if let Ok(date) = HeaderValue::try_from(now.format(date).unwrap_or_default()) {
        head.headers.entry(DATE).or_insert(date);
    }
    let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
    for (name, value) in &head.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
    Bytes::from(bytes)
}

#[cfg(test)]
mod tests {
    use axum::http::Response;
    use time::macros::datetime;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn answer(media_type: &str, body: Body) -> Response<Body> {
        Response::builder().header(CONTENT_TYPE, media_type).body(body).expect("a response")
    }

    /// A body that says these pieces and then nothing for ever.
    fn lasting(pieces: &'static [&'static str]) -> Body {
        use futures::StreamExt as _;
        let pieces = futures::stream::iter(pieces.iter().map(|piece| Ok::<_, io::Error>(*piece)));
        Body::from_stream(pieces.chain(futures::stream::pending()))
    }

    const NOW: OffsetDateTime = datetime!(2026-11-06 08:49:37 UTC);

    #[test]
    fn only_an_endless_event_stream_has_the_connection_for_itself() {
        let stream = || lasting(&[]);
        assert!(is_one(&Method::GET, &answer("text/event-stream; charset=utf-8", stream())));
        assert!(!is_one(&Method::HEAD, &answer("text/event-stream", stream())));
        assert!(!is_one(&Method::GET, &answer("text/plain", stream())));
        assert!(!is_one(&Method::GET, &answer("text/event-stream", Body::from("data: 1\n\n"))));
        let mut refused = answer("text/event-stream", stream());
        *refused.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        assert!(!is_one(&Method::GET, &refused));
    }

    #[tokio::test]
    async fn it_has_a_head_and_its_pieces_as_they_are_and_ends_with_its_body() {
        let (mut client, server) = tokio::io::duplex(16);
        let pieces = futures::stream::iter(["id: 1\n\n", "data: 2\n\n"].map(Ok::<_, io::Error>));
        let stream = EventStream::new(server, answer("text/event-stream", Body::from_stream(pieces)), NOW);
        let running = tokio::spawn(stream.run());
        let mut text = String::new();
        client.read_to_string(&mut text).await.expect("it ends");
        running.await.expect("no panic").expect("it was read to its end");
        assert_eq!(
            text,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\
             date: Fri, 06 Nov 2026 08:49:37 GMT\r\n\r\nid: 1\n\ndata: 2\n\n"
        );
    }

    #[tokio::test]
    async fn a_client_that_leaves_or_sends_much_ends_it() {
        let (client, server) = tokio::io::duplex(16 * 1024);
        drop(client);
        let stream = EventStream::new(server, answer("text/event-stream", lasting(&["data: 1\n\n"])), NOW);
        stream.run().await.expect_err("the client is gone");
        let (mut client, server) = tokio::io::duplex(64 * 1024);
        let stream = EventStream::new(server, answer("text/event-stream", lasting(&[])), NOW);
        let running = tokio::spawn(stream.run());
        client.write_all(&[b'x'; 9000]).await.expect("it is taken");
        running.await.expect("no panic").expect_err("it is cut");
    }
}
