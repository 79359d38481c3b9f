//! HTTP/2 frames written by hand, for what no library sends.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// `:status: 200` by HPACK's static table (RFC 7541, appendix A).
const OK: u8 = 0x88;

/// What an upstream does with the streams of one connection, in the order in which they come.
#[derive(Clone, Debug)]
pub(super) enum Script {
    /// Answers all of them.
    AnswerAll,
    /// Answers so many, then says GOAWAY: those that are on their way, or come later, are not looked at.
    GoAwayAfter(usize),
    /// Answers so many and refuses the next ones with REFUSED_STREAM.
    RefuseAfter(usize),
    /// Answers with these header fields, `name: value` in literal form.
    Fields(Vec<(String, String)>),
    /// Says SETTINGS, and nothing any more, not even to a ping.
    Silent,
}

/// A server that takes each connection by its own script; the last one is repeated.
pub(super) struct RawHttp2 {
    pub(super) address: SocketAddr,
    taken: Arc<Mutex<Vec<(usize, String)>>>,
    untaken: Arc<Mutex<Vec<String>>>,
}

impl RawHttp2 {
    pub(super) async fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (taken, untaken) = (Arc::default(), Arc::default());
        let this = Self { address, taken: Arc::clone(&taken), untaken: Arc::clone(&untaken) };
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let script = scripts[number.min(scripts.len() - 1)].clone();
                let served =
                    Served { number, script, taken: Arc::clone(&taken), untaken: Arc::clone(&untaken) };
                tokio::spawn(served.serve(stream));
                number += 1;
            }
        });
        this
    }

    /// The bodies of requests that were answered, with the connection that brought them.
    pub(super) fn taken(&self) -> Vec<(usize, String)> {
        self.taken.lock().expect("no panic").clone()
    }

    /// The bodies of requests that arrived and were not looked at.
    pub(super) fn untaken(&self) -> Vec<String> {
        self.untaken.lock().expect("no panic").clone()
    }
}

struct Served {
    number: usize,
    script: Script,
    taken: Arc<Mutex<Vec<(usize, String)>>>,
    untaken: Arc<Mutex<Vec<String>>>,
}

impl Served {
    async fn serve(self, mut stream: TcpStream) -> io::Result<()> {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await?;
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
        let mut answered = 0;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            stream.read_exact(&mut payload).await?;
            let (kind, flags) = (head[3], head[4]);
            let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            if matches!(self.script, Script::Silent) {
                continue;
            }
            match kind {
                SETTINGS if flags & ACK == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
                PING if flags & ACK == 0 => stream.write_all(&frame(PING, ACK, 0, &payload)).await?,
                DATA | HEADERS if flags & END_STREAM != 0 => {
                    let body = if kind == DATA {
                        String::from_utf8_lossy(&payload).into_owned()
                    } else {
                        String::new()
                    };
                    let takes = match self.script {
                        Script::GoAwayAfter(most) | Script::RefuseAfter(most) => answered < most,
                        _ => true,
                    };
                    if !takes {
                        self.untaken.lock().expect("no panic").push(body);
                        if matches!(self.script, Script::RefuseAfter(_)) {
                            stream.write_all(&frame(RST_STREAM, 0, id, &7_u32.to_be_bytes())).await?;
                        }
                        continue;
                    }
                    answered += 1;
                    self.taken.lock().expect("no panic").push((self.number, body));
                    let flags = END_STREAM | END_HEADERS;
                    stream.write_all(&frame(HEADERS, flags, id, &self.fields())).await?;
                    if matches!(self.script, Script::GoAwayAfter(most) if answered == most) {
                        let payload = [id.to_be_bytes(), 0_u32.to_be_bytes()].concat();
                        stream.write_all(&frame(GOAWAY, 0, 0, &payload)).await?;
                    }
                }
                _ => {}
            }
        }
    }

    fn fields(&self) -> Vec<u8> {
        let mut block = vec![OK];
        if let Script::Fields(fields) = &self.script {
            for (name, value) in fields {
                // A literal field without indexing and with a new name (RFC 7541, section 6.2.2).
                block.push(0);
                for text in [name, value] {
                    block.push(u8::try_from(text.len()).expect("a short text"));
                    block.extend_from_slice(text.as_bytes());
                }
            }
        }
        block
    }
}

/// A frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
