use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Method, Request, Response};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Browser;

/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A browser's one connection, over HTTP/2.
pub struct Http2Connection {
    sender: SendRequest<Bytes>,
    addr: SocketAddr,
}

/// What was answered on a stream: head, body and trailers.
pub struct Http2Answer {
    pub head: Response<()>,
    pub body: Bytes,
    pub trailers: HeaderMap,
}

/// A WebSocket on a stream of its own (RFC 8441).
pub struct StreamSocket {
    /// The answer to the extended CONNECT.
    pub head: Response<()>,
    to: SendStream<Bytes>,
    from: RecvStream,
    received: Vec<u8>,
}

impl Http2Connection {
    /// Connects, and waits until the portal has said what it speaks.
    pub async fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.expect("the portal listens");
        let (sender, mut connection) =
            Builder::new().initial_max_send_streams(0).handshake(stream).await.expect("it speaks HTTP/2");
        poll_fn(|cx| match std::pin::Pin::new(&mut connection).poll(cx) {
            std::task::Poll::Ready(ended) => panic!("the connection ended: {ended:?}"),
            std::task::Poll::Pending if sender.current_max_send_streams() > 0 => std::task::Poll::Ready(()),
            std::task::Poll::Pending => std::task::Poll::Pending,
        })
        .await;
        tokio::spawn(connection);
        Self { sender, addr }
    }

    /// Whether WebSockets may be opened on it.
    pub fn takes_web_sockets(&self) -> bool {
        self.sender.is_extended_connect_protocol_enabled()
    }

    /// A request of `browser`, its body and what follows it.
    pub async fn send(
        &self,
        browser: &Browser,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: &'static str,
        trailers: Option<HeaderMap>,
    ) -> Http2Answer {
        let request = self.request(browser, path, fields).method(method).body(()).expect("a request");
        let mut sender = self.sender.clone().ready().await.expect("the connection is open");
        let is_all = body.is_empty() && trailers.is_none();
        let (answer, mut stream) = sender.send_request(request, is_all).expect("it is sent");
        if !is_all {
            stream.send_data(body.into(), trailers.is_none()).expect("it is sent");
        }
        if let Some(trailers) = trailers {
            stream.send_trailers(trailers).expect("they are sent");
        }
        let answer = timeout(PATIENCE, answer).await.expect("in time").expect("an answer");
        let (head, mut from) = answer.into_parts();
        let mut received = Vec::new();
        while let Some(bytes) = timeout(PATIENCE, from.data()).await.expect("in time") {
            let bytes = bytes.expect("no reset");
            from.flow_control().release_capacity(bytes.len()).expect("it came by it");
            received.extend_from_slice(&bytes);
        }
        let trailers = from.trailers().await.expect("no reset").unwrap_or_default();
        Http2Answer { head: Response::from_parts(head, ()), body: received.into(), trailers }
    }

    /// Opens a WebSocket, or whatever `protocol` is, as `browser` would.
    pub async fn switch(
        &self,
        browser: &Browser,
        protocol: &'static str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> StreamSocket {
        let mut request = self.request(browser, path, fields).method(Method::CONNECT);
        request = request.extension(Protocol::from_static(protocol));
        if protocol == "websocket" {
            request = request.header("sec-websocket-version", "13");
        }
        let mut sender = self.sender.clone().ready().await.expect("the connection is open");
        let (answer, to) =
            sender.send_request(request.body(()).expect("a request"), false).expect("it is sent");
        let answer = timeout(PATIENCE, answer).await.expect("in time").expect("an answer");
        let (head, from) = answer.into_parts();
        StreamSocket { head: Response::from_parts(head, ()), to, from, received: Vec::new() }
    }

    fn request(&self, browser: &Browser, path: &str, fields: &[(&str, &str)]) -> http::request::Builder {
        let cookie = browser.session().map(|id| format!("__Host-portico={id}"));
        let mut request = Request::builder().uri(format!("http://{}{path}", self.addr));
        if !fields.iter().any(|(name, _)| *name == "origin") {
            request = request.header("origin", browser.origin());
        }
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }
}

impl StreamSocket {
    /// Sends bytes.
    pub fn write(&mut self, bytes: impl Into<Bytes>) {
        self.to.send_data(bytes.into(), false).expect("the stream is open");
    }

    /// Sends a frame as a client does: masked, here with zeroes.
    pub fn say(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = vec![0x80 | opcode, 0x80 | u8::try_from(payload.len()).expect("short"), 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.write(frame);
    }

    /// As many bytes as asked for.
    pub async fn read(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length {
            let more = self.more().await;
            assert!(more, "ended after {:?}", self.received);
        }
        self.received.drain(..length).collect()
    }

    /// Everything up to the end of the stream.
    pub async fn rest(mut self) -> Vec<u8> {
        while self.more().await {}
        self.received
    }

    async fn more(&mut self) -> bool {
        let Some(bytes) = timeout(PATIENCE, self.from.data()).await.expect("in time") else { return false };
        let Ok(bytes) = bytes else { return false };
        self.from.flow_control().release_capacity(bytes.len()).expect("it came by it");
        self.received.extend_from_slice(&bytes);
        true
    }
}
