use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Answer, Browser, Reply, Seen, parse_response};

/// A browser's WebSocket, as bytes on a socket.
pub struct WebSocket {
    socket: TcpStream,
    received: Vec<u8>,
    /// The answer to the handshake.
    pub answer: Answer,
}

/// The nonce that every handshake here sends, and what has to be answered to it (RFC 6455, section 1.3).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(10);

/// `Sec-WebSocket-Accept` for a request, which must carry the nonce that was sent here.
#[track_caller]
pub fn accept_for(seen: &Seen) -> &'static str {
    assert_eq!(seen.header("sec-websocket-key"), KEY);
    ACCEPT
}

/// An upstream that agrees, and sends back what it gets.
pub fn agree(seen: &Seen) -> Reply {
    let accept = accept_for(seen);
    Reply::Switch(
        format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\nSet-Cookie: theirs=1\r\nServer: theirs\r\n\r\n")
            .into(),
    )
}

/// The same, whatever nonce it was asked with.
pub fn agree_to_any(seen: &Seen) -> Reply {
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(seen.header("sec-websocket-key").as_bytes());
    digest.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = STANDARD.encode(digest.finish());
    Reply::Switch(
        format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\nSet-Cookie: theirs=1\r\n\r\n")
            .into(),
    )
}

impl WebSocket {
    /// Opens one as `browser` would, with these further header lines and, right behind them, these bytes.
    pub async fn open(addr: SocketAddr, browser: &Browser, path: &str, lines: &str, behind: &[u8]) -> Self {
        let cookie =
            browser.session().map_or_else(String::new, |id| format!("Cookie: __Host-portico={id}\r\n"));
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {addr}\r\n{cookie}Origin: {}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{lines}\r\n",
            browser.origin()
        );
        Self::send(addr, &[head.as_bytes(), behind].concat()).await
    }

    /// Sends these bytes and reads the head of the answer.
    pub async fn send(addr: SocketAddr, bytes: &[u8]) -> Self {
        let mut socket = TcpStream::connect(addr).await.expect("the portal listens");
        socket.write_all(bytes).await.expect("it reads");
        let mut received = Vec::new();
        let end = loop {
            if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            let read = tokio::time::timeout(PATIENCE, socket.read_buf(&mut received)).await;
            assert!(read.expect("an answer in time").expect("an answer") > 0, "{received:?}");
        };
        let answer = parse_response(&received[..end]);
        received.drain(..end);
        Self { socket, received, answer }
    }

    /// Sends a frame as a client does: masked, here with zeroes.
    pub async fn say(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = vec![0x80 | opcode, 0x80 | u8::try_from(payload.len()).expect("short"), 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.write(&frame).await;
    }

    /// Sends bytes.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.expect("the connection is open");
    }

    /// As many bytes as asked for.
    pub async fn read(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length {
            let read = tokio::time::timeout(PATIENCE, self.socket.read_buf(&mut self.received)).await;
            assert!(read.expect("in time").expect("no reset") > 0, "ended after {:?}", self.received);
        }
        self.received.drain(..length).collect()
    }

    /// Everything up to the end of the connection.
    pub async fn rest(mut self) -> Vec<u8> {
        let rest = tokio::time::timeout(PATIENCE, self.socket.read_to_end(&mut self.received)).await;
        let _ = rest.expect("it ends in time");
        self.received
    }
}
