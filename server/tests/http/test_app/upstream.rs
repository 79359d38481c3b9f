use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A domain service that keeps every request, byte for byte, and answers what the test wants. It verifies nothing.
#[derive(Clone)]
pub struct Upstream {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    seen: Mutex<Vec<Seen>>,
    switched: Mutex<Vec<Switched>>,
    answer: Mutex<Arc<Answerer>>,
}

type Answerer = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method, target and version, as they stood there.
    pub line: String,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Which connection brought it, counted from 0.
    pub connection: usize,
    /// Fields after a body in chunks.
    pub trailers: Vec<(String, String)>,
}

/// A connection that was answered by [`Reply::Switch`].
#[derive(Clone, Debug, Default)]
pub struct Switched {
    /// What came after the head of the request.
    pub received: Vec<u8>,
    /// Whether the other side is gone.
    pub is_over: bool,
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A whole response.
    Response(u16, Vec<(String, String)>, Vec<u8>),
    /// These bytes, whatever they are.
    Raw(Vec<u8>),
    /// These bytes as the head of an answer; then whatever comes is sent back, until the other side is gone.
    Switch(Vec<u8>),
    /// The connection is closed without a word.
    Hangup,
    /// The response after it comes late.
    After(Duration, Box<Reply>),
}

impl Reply {
    /// A response without headers of its own.
    pub fn status(status: u16) -> Self {
        Self::Response(status, Vec::new(), Vec::new())
    }

    /// A response with headers.
    pub fn headers(status: u16, headers: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self::Response(status, headers.iter().map(owned).collect(), b"{}".to_vec())
    }
}

impl Seen {
    /// The request target, as it stood there.
    pub fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// Every value of a header field.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The one value of a header field; empty where it is absent.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let values = self.values(name);
        assert!(values.len() <= 1, "{name} stands there {} times", values.len());
        values.first().copied().unwrap_or_default()
    }

    /// The bearer token.
    #[track_caller]
    pub fn token(&self) -> &str {
        self.header("authorization")
            .strip_prefix("Bearer ")
            .unwrap_or_else(|| panic!("no bearer token: {self:?}"))
    }

    /// The claims of the bearer token, unverified.
    #[track_caller]
    pub fn claims(&self) -> serde_json::Value {
        use base64::Engine as _;
        let payload = self.token().split('.').nth(1).unwrap_or_default();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("a JWT");
        serde_json::from_slice(&bytes).expect("claims are JSON")
    }
}

impl Upstream {
    /// Listens on a free port of loopback and answers 200.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let ok = |_: &Seen| {
            Reply::Response(
                200,
                vec![("content-type".into(), "application/json".into())],
                json!({"ok": true}).to_string().into(),
            )
        };
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            switched: Mutex::default(),
            answer: Mutex::new(Arc::new(ok)),
        });
        let upstream = Self { addr, shared };
        let accepting = upstream.clone();
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((socket, _)) = listener.accept().await else { return };
                let upstream = accepting.clone();
                tokio::spawn(async move { upstream.serve(socket, connection).await });
            }
        });
        upstream
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Answers like this from now on.
    pub fn answers(&self, answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) {
        *self.shared.answer.lock() = Arc::new(answer);
    }

    /// Everything that has arrived.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().clone()
    }

    /// The request that arrived last.
    #[track_caller]
    pub fn last(&self) -> Seen {
        self.seen().pop().expect("a request has arrived")
    }

    /// Every connection that has left HTTP.
    pub fn switched(&self) -> Vec<Switched> {
        self.shared.switched.lock().clone()
    }

    async fn echo(&self, mut socket: TcpStream, mut received: Vec<u8>) {
        let place = {
            let mut switched = self.shared.switched.lock();
            switched.push(Switched { received: received.clone(), is_over: false });
            switched.len() - 1
        };
        while socket.write_all(&received).await.is_ok() {
            received.clear();
            if socket.read_buf(&mut received).await.is_ok_and(|read| read > 0) {
                self.shared.switched.lock()[place].received.extend_from_slice(&received);
            } else {
                break;
            }
        }
        self.shared.switched.lock()[place].is_over = true;
    }

    async fn serve(&self, mut socket: TcpStream, connection: usize) -> Option<()> {
        let mut buffer = Vec::new();
        loop {
            let seen = Seen { connection, ..read_request(&mut socket, &mut buffer).await? };
            self.shared.seen.lock().push(seen.clone());
            let answer = self.shared.answer.lock().clone();
            let mut reply = answer(&seen);
            while let Reply::After(time, next) = reply {
                tokio::time::sleep(time).await;
                reply = *next;
            }
            if let Reply::Switch(head) = &reply {
                socket.write_all(head).await.ok()?;
                self.echo(socket, buffer).await;
                return None;
            }
            if let Reply::Raw(bytes) = &reply {
                socket.write_all(bytes).await.ok()?;
                continue;
            }
            let Reply::Response(status, headers, body) = reply else { return None };
            let mut head = format!("HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("\r\n");
            socket.write_all(head.as_bytes()).await.ok()?;
            socket.write_all(&body).await.ok()?;
        }
    }
}

async fn read_request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(end) = find(buffer, b"\r\n\r\n") {
            break end;
        }
        more(socket, buffer).await?;
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let field =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let headers = lines.filter_map(field).collect();
    let mut seen = Seen { line, headers, body: Vec::new(), connection: 0, trailers: Vec::new() };
    if seen.header("transfer-encoding") == "chunked" {
        seen.body = read_chunks(socket, buffer).await?;
        loop {
            let line = read_line(socket, buffer).await?;
            let Some(trailer) = field(&line) else { break };
            seen.trailers.push(trailer);
        }
    } else {
        let length = seen.header("content-length").parse().unwrap_or(0);
        while buffer.len() < length {
            more(socket, buffer).await?;
        }
        seen.body = buffer.drain(..length).collect();
    }
    Some(seen)
}

async fn read_line(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = find(buffer, b"\r\n") {
            let line = String::from_utf8_lossy(&buffer[..end]).into_owned();
            buffer.drain(..end + 2);
            return Some(line);
        }
        more(socket, buffer).await?;
    }
}

/// The content of the chunks; what follows the last one is left.
async fn read_chunks(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(&read_line(socket, buffer).await?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        while buffer.len() < size + 2 {
            more(socket, buffer).await?;
        }
        body.extend(buffer.drain(..size));
        buffer.drain(..2);
    }
}

async fn more(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    (socket.read_buf(buffer).await.ok()? > 0).then_some(())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
