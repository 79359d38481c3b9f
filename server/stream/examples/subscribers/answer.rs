//! The body of an HTTP/1.1 answer as it arrives, in whole lines.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::str::FromStr;

use memchr::{memchr, memmem, memrchr};
use tokio::net::TcpStream;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";
const READ_BYTES: usize = 256 * 1024;

thread_local! {
    /// One for all streams: what is left of a reading is a line at most.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// A stream that was asked for.
pub struct Answer {
    socket: TcpStream,
    body: Body,
}

impl Answer {
    pub fn new(socket: TcpStream) -> Self {
        Self { socket, body: Body::default() }
    }

    /// Waits for the first byte.
    ///
    /// # Errors
    /// The connection failed.
    pub async fn begun(&self) -> std::io::Result<()> {
        self.socket.readable().await
    }

    /// Waits for bytes, and gives every whole line to `line`. `false`: the stream has ended.
    ///
    /// # Errors
    /// The stream was refused, or its connection failed.
    pub async fn read(&mut self, mut line: impl FnMut(&[u8])) -> std::io::Result<bool> {
        loop {
            self.socket.readable().await?;
            let read = BUFFER.with_borrow_mut(|buffer| {
                let length = self.socket.try_read(buffer)?;
                self.body.take(&buffer[..length], &mut line)?;
                Ok(length)
            });
            match read {
                Err(error) if ErrorKind::WouldBlock == std::io::Error::kind(&error) => {}
                read => return read.map(|length| length > 0),
            }
        }
    }

    /// Whether the answer's head has been read.
    pub fn is_open(&self) -> bool {
        self.body.coding.is_some()
    }
}

/// How the body's bytes travel (RFC 9112, section 6).
#[derive(Clone, Copy)]
enum Coding {
    Plain,
    /// So many bytes of the chunk are still to come; none where its size line is.
    Chunked(usize),
}

#[derive(Default)]
struct Body {
    coding: Option<Coding>,
    /// The head, or a chunk's size line, that is not whole yet.
    framing: Vec<u8>,
    /// A line of the body that is not whole yet.
    rest: Vec<u8>,
}

impl Body {
    fn take(&mut self, mut bytes: &[u8], line: &mut impl FnMut(&[u8])) -> std::io::Result<()> {
        while !bytes.is_empty() {
            bytes = match self.coding {
                None => self.head(bytes)?,
                Some(Coding::Plain) => {
                    self.lines(bytes, line);
                    &[]
                }
                Some(Coding::Chunked(0)) => self.size(bytes),
                Some(Coding::Chunked(left)) => {
                    let (piece, after) = bytes.split_at(left.min(bytes.len()));
                    self.coding = Some(Coding::Chunked(left - piece.len()));
                    self.lines(piece, line);
                    after
                }
            };
        }
        Ok(())
    }

    fn head<'a>(&mut self, bytes: &'a [u8]) -> std::io::Result<&'a [u8]> {
        let before = self.framing.len();
        self.framing.extend_from_slice(bytes);
        let Some(end) = memmem::find(&self.framing, END_OF_HEAD) else { return Ok(&[]) };
        let head = String::from_utf8_lossy(&self.framing[..end]).to_ascii_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(std::io::Error::other(format!(
                "a stream was refused: {}",
                head.lines().next().unwrap_or_default()
            )));
        }
        self.coding = Some(if head.contains("transfer-encoding: chunked") {
            Coding::Chunked(0)
        } else {
            Coding::Plain
        });
        self.framing.clear();
        Ok(&bytes[end + END_OF_HEAD.len() - before..])
    }

    /// A size line; before it stands the empty line that ends the chunk before.
    fn size<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Some(end) = memchr(b'\n', bytes) else {
            self.framing.extend_from_slice(bytes);
            return &[];
        };
        self.framing.extend_from_slice(&bytes[..end]);
        let size =
            str::from_utf8(&self.framing).ok().and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
        self.coding = Some(Coding::Chunked(size.unwrap_or(0)));
        self.framing.clear();
        &bytes[end + 1..]
    }

    fn lines(&mut self, mut bytes: &[u8], line: &mut impl FnMut(&[u8])) {
        let Some(last) = memrchr(b'\n', bytes) else { return self.rest.extend_from_slice(bytes) };
        if !self.rest.is_empty() {
            let first = memchr(b'\n', bytes).unwrap_or(last);
            self.rest.extend_from_slice(&bytes[..first]);
            line(&self.rest);
            self.rest.clear();
            bytes = &bytes[first + 1..];
        }
        while let Some(end) = memchr(b'\n', bytes) {
            line(&bytes[..end]);
            bytes = &bytes[end + 1..];
        }
        self.rest.extend_from_slice(bytes);
    }
}

/// A number in an event's data.
pub struct Number(memmem::Finder<'static>);

impl Number {
    /// The one that stands after `key`.
    pub fn after(key: &'static str) -> Self {
        Self(memmem::Finder::new(key))
    }

    /// Every one in a line of data: some servers put several events into one.
    pub fn each<T: FromStr>(&self, line: &[u8], mut found: impl FnMut(T)) {
        let Some(data) = line.strip_prefix(b"data:") else { return };
        for at in self.0.find_iter(data) {
            let from = &data[at + self.0.needle().len()..];
            let end =
                from.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(from.len());
            if let Some(number) = str::from_utf8(&from[..end]).ok().and_then(|text| text.parse().ok()) {
                found(number);
            }
        }
    }
}
