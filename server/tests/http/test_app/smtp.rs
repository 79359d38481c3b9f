use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server that keeps what it is sent (RFC 5321, as much of it as one client needs).
#[derive(Clone)]
pub struct MailServer {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
    refuses: Arc<AtomicBool>,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// `MAIL FROM`.
    pub from: String,
    /// `RCPT TO`.
    pub to: String,
    /// Headers and body.
    pub data: String,
}

impl MailServer {
    /// On a port of its own.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("smtp://{}", listener.local_addr().expect("a bound socket has an address"));
        let server = Self { url, received: Arc::default(), refuses: Arc::default() };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().serve(connection));
            }
        });
        server
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes no message from now on, or does again.
    pub fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }

    /// Everything so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().clone()
    }

    async fn serve(self, connection: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = connection.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 mail.test\r\n").await?;
        let (mut from, mut to) = (String::new(), String::new());
        while let Some(line) = lines.next_line().await? {
            let answer = match line.split_at(line.len().min(4)) {
                ("EHLO", _) => "250 mail.test",
                ("MAIL", rest) => {
                    from = address(rest);
                    if self.refuses.load(Ordering::SeqCst) { "451 not now" } else { "250 ok" }
                }
                ("RCPT", rest) => {
                    to = address(rest);
                    "250 ok"
                }
                ("DATA", _) => {
                    writer.write_all(b"354 go on\r\n").await?;
                    let mut data = String::new();
                    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                        data.push_str(line.strip_prefix('.').unwrap_or(&line));
                        data.push('\n');
                    }
                    self.received.lock().push(Received { from: from.clone(), to: to.clone(), data });
                    "250 kept"
                }
                ("QUIT", _) => {
                    writer.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 ok",
            };
            writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }
}

fn address(rest: &str) -> String {
    rest.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map(|(a, _)| a.to_owned())
        .unwrap_or_default()
}

impl Received {
    /// The part with this media type, decoded (RFC 2045, section 6).
    pub fn part(&self, kind: &str) -> String {
        let start = self.data.find(&format!("Content-Type: {kind}")).expect("the part is there");
        let (head, rest) = self.data[start..].split_once("\n\n").expect("a part has a body");
        let body = rest.split("\n--").next().unwrap_or_default();
        if head.to_lowercase().contains("base64") {
            let bytes = STANDARD.decode(body.replace('\n', "")).expect("base64");
            return String::from_utf8(bytes).expect("UTF-8");
        }
        if !head.to_lowercase().contains("quoted-printable") {
            return body.to_owned();
        }
        let body = body.replace("=\n", "");
        let mut bytes = Vec::new();
        let mut rest = body.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            if *byte == b'=' && after.len() >= 2 {
                let digits = std::str::from_utf8(&after[..2]).expect("hex digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("hex digits"));
                rest = &after[2..];
            } else {
                bytes.push(*byte);
                rest = after;
            }
        }
        String::from_utf8(bytes).expect("UTF-8")
    }
}
