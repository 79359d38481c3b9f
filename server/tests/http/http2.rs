//! HTTP/2 frames that no client sends by accident, over a bare socket.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::test_app::TestApp;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `:method`, `:scheme`, `:path: /healthz`, `:authority: x`, by HPACK's static table and literals (RFC 7541).
fn head(method: u8) -> Vec<u8> {
    [&[method, 0x86, 0x04, 8], b"/healthz".as_slice(), &[0x01, 1], b"x"].concat()
}

const GET: u8 = 0x82;
const POST: u8 = 0x83;

/// A connection on which the portal's frames are read while the client floods.
struct Flood {
    socket: TcpStream,
    received: Vec<u8>,
}

impl Flood {
    async fn begin(app: &TestApp) -> Self {
        let mut socket = TcpStream::connect(app.addr).await.expect("the portal listens");
        socket.write_all(PREFACE).await.expect("it reads");
        socket.write_all(&frame(SETTINGS, 0, 0, &[])).await.expect("it reads");
        Self { socket, received: Vec::new() }
    }

    /// Sends until the portal stops taking it. Returns the error code of its GOAWAY.
    async fn until_goaway(mut self, mut next: impl FnMut(u32) -> Vec<u8>) -> u32 {
        for round in 0..2_000 {
            let sent =
                tokio::time::timeout(Duration::from_secs(5), self.socket.write_all(&next(round))).await;
            let _ = tokio::time::timeout(Duration::from_millis(1), self.socket.read_buf(&mut self.received))
                .await;
            if !matches!(sent, Ok(Ok(()))) || self.goaway().is_some() {
                break;
            }
        }
        let rest = self.socket.read_to_end(&mut self.received);
        let closed = tokio::time::timeout(Duration::from_secs(5), rest).await;
        assert!(closed.is_ok(), "the connection is closed");
        self.goaway().expect("a GOAWAY says so")
    }

    /// The error code of a GOAWAY that has arrived; that of a graceful one does not count.
    fn goaway(&self) -> Option<u32> {
        let mut rest = self.received.as_slice();
        while let [a, b, c, kind, _, _, _, _, _, after @ ..] = rest {
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            let payload = after.get(..length)?;
            if let (GOAWAY, [_, _, _, _, code @ ..]) = (*kind, payload) {
                let code = code.first_chunk::<4>().map(|code| u32::from_be_bytes(*code));
                return code.filter(|code| *code != 0);
            }
            rest = &after[length..];
        }
        None
    }
}

/// ENHANCE_YOUR_CALM (RFC 9113, section 7).
const CALM: u32 = 0xb;

#[tokio::test]
async fn case_73_rapid_resets_end_the_connection_with_goaway() {
    let app = TestApp::start().await;
    let flood = Flood::begin(&app).await;
    let code = flood.until_goaway(|round| {
        let streams = (0..50).map(|n| (round * 50 + n) * 2 + 1);
        streams
            .flat_map(|stream| {
                let open = frame(HEADERS, END_HEADERS | END_STREAM, stream, &head(GET));
                [open, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
            })
            .collect()
    });
    assert_eq!(code.await, CALM);
    app.browser().get("/healthz").send().await.expect(200);
}

#[tokio::test]
async fn case_73_headers_that_go_on_without_end_end_the_connection_with_goaway() {
    let app = TestApp::start().await;
    let flood = Flood::begin(&app).await;
    let code = flood.until_goaway(|round| match round {
        0 => frame(HEADERS, END_STREAM, 1, &head(GET)),
        // A literal field without indexing, `a: bbbb`, over and over.
        _ => frame(CONTINUATION, 0, 1, &[0, 1, b'a', 4, b'b', b'b', b'b', b'b'].repeat(100)),
    });
    assert_eq!(code.await, CALM);
    let flood = Flood::begin(&app).await;
    let code = flood.until_goaway(|round| match round {
        0 => frame(HEADERS, END_STREAM, 1, &head(GET)),
        _ => frame(CONTINUATION, 0, 1, &[]).repeat(100),
    });
    assert_eq!(code.await, CALM, "empty ones too");
    app.browser().get("/healthz").send().await.expect(200);
}

#[tokio::test]
async fn case_73_empty_data_frames_without_end_end_the_connection_with_goaway() {
    let app = TestApp::start().await;
    let flood = Flood::begin(&app).await;
    let code = flood.until_goaway(|round| match round {
        0 => frame(HEADERS, END_HEADERS, 1, &head(POST)),
        _ => frame(DATA, 0, 1, &[]).repeat(100),
    });
    assert_eq!(code.await, CALM);
    app.browser().get("/healthz").send().await.expect(200);
}
