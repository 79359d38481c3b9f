//! Which version of HTTP a connection speaks, told from its first bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// What an HTTP/2 client sends first (RFC 9113, section 3.4).
const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The version of HTTP that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0 or 1.1.
    Http1,
    /// HTTP/2, by prior knowledge or by ALPN.
    Http2,
}

/// Waits until the client's bytes tell its version, and hands the connection on as if nothing had been read. It has no
/// time limit of its own: the caller sets one, since hyper's timers begin only once the version is known.
///
/// # Errors
/// The connection's own, and [`io::ErrorKind::UnexpectedEof`] where it ends before the version is clear.
pub async fn read<S: AsyncRead + Unpin>(mut stream: S) -> io::Result<(Version, Replayed<S>)> {
    let (mut bytes, mut read) = ([0; PREFACE.len()], 0);
    let version = loop {
        let more = stream.read(&mut bytes[read..]).await?;
        if more == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read += more;
        if bytes[..read] != PREFACE[..read] {
            break Version::Http1;
        }
        if read == PREFACE.len() {
            break Version::Http2;
        }
    };
    Ok((version, Replayed { bytes, next: 0, end: read, stream }))
}

/// A connection that begins with bytes that were read from it before.
#[derive(Debug)]
pub struct Replayed<S> {
    bytes: [u8; PREFACE.len()],
    next: usize,
    end: usize,
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Replayed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.next == self.end {
            return Pin::new(&mut self.stream).poll_read(cx, out);
        }
        let (from, to) = (self.next, self.end.min(self.next + out.remaining()));
        out.put_slice(&self.bytes[from..to]);
        self.next = to;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replayed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    async fn read_whole(sent: &'static [u8], piece: usize) -> (Version, Vec<u8>) {
        let (mut client, server) = tokio::io::duplex(1024);
        tokio::spawn(async move {
            for part in sent.chunks(piece) {
                client.write_all(part).await.expect("it is read");
                tokio::task::yield_now().await;
            }
        });
        let (version, mut replayed) = read(server).await.expect("a version");
        let mut bytes = Vec::new();
        replayed.read_to_end(&mut bytes).await.expect("the rest");
        (version, bytes)
    }

    #[tokio::test]
    async fn no_byte_is_lost_however_they_arrive() {
        let two = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
        for (sent, version) in [
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(), Version::Http1),
            (b"PRIVATE / HTTP/1.1\r\n\r\n".as_slice(), Version::Http1),
            (two, Version::Http2),
        ] {
            for piece in [1, 5, 24, 100] {
                assert_eq!(read_whole(sent, piece).await, (version, sent.to_vec()));
            }
        }
    }

    #[tokio::test]
    async fn a_connection_that_ends_before_its_version_is_clear_is_over() {
        for sent in [b"".as_slice(), b"PRI * HT"] {
            assert_eq!(read(sent).await.err().map(|error| error.kind()), Some(io::ErrorKind::UnexpectedEof));
        }
    }
}
