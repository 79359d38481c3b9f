//! Floods, against the program itself: whatever is thrown at it, its memory stays flat and it goes on serving.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::test_app::{Browser, Program, TODOS_AUDIENCE, todos_manifest, write_remote};

/// How much more memory a flood may take at its peak. What is thrown at the portal is many times that.
const MOST_KIB: u64 = 64 * 1024;
/// Deadlines of this portal, in milliseconds; each flood is over soon after.
const DEADLINE: &str = "1000";
/// Longer than any deadline needs, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service that reads whatever it is sent, and answers a download without end.
async fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("a bound socket has an address");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket));
        }
    });
    addr
}

async fn serve(socket: TcpStream) -> std::io::Result<()> {
    let (mut reader, mut writer) = socket.into_split();
    let mut buffer = vec![0; 64 * 1024];
    let first = reader.read(&mut buffer).await?;
    let downloads = buffer[..first].starts_with(b"GET ");
    if downloads {
        // It calls itself compressed, so that whoever looked inside would have to hold what it is.
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n";
        writer.write_all(head.as_bytes()).await?;
        let chunk = [b"4000\r\n".as_slice(), &[0; 0x4000], b"\r\n"].concat();
        loop {
            writer.write_all(&chunk).await?;
        }
    }
    while reader.read(&mut buffer).await? > 0 {}
    Ok(())
}

struct World {
    program: Program,
    cookie: String,
}

impl World {
    async fn start() -> Self {
        let upstream = format!("http://{}", upstream().await);
        let configuration = format!(
            "[gateway]\nupstream_networks = [\"127.0.0.0/8\"]\nquota.concurrent_per_session = 1000\n\
             [registry.grants.\"@acme/todos\"]\nbackend_origins = [\"{upstream}\"]\naudiences = [\"{TODOS_AUDIENCE}\"]\n\
             scopes = [\"todos.read\", \"todos.write\"]\npublic_routes = [\"/public/**\"]\ncsp = {{ img-src = [\"https://images.test\"] }}\n"
        );
        let many = "1000000";
        let settings = [
            ("PORTICO_LOG", "error"),
            ("PORTICO_LIMITS__ANONYMOUS_PER_MINUTE", many),
            ("PORTICO_LIMITS__SESSION_PER_MINUTE", many),
            ("PORTICO_LIMITS__REMOTE_PER_MINUTE", many),
            ("PORTICO_LIMITS__HEAD_TIMEOUT_MS", DEADLINE),
            ("PORTICO_LIMITS__BODY_TIMEOUT_MS", DEADLINE),
            ("PORTICO_LIMITS__WRITE_TIMEOUT_MS", DEADLINE),
            ("PORTICO_LIMITS__PROXY_BODY_BYTES", "33554432"),
        ];
        let program = Program::start(&settings, |directory| {
            write_remote(&directory.join("remotes/todos"), &todos_manifest(&upstream));
            std::fs::write(directory.join("portico.toml"), configuration).expect("it can be written");
        })
        .await;
        let bob = Browser::at(&program.origin);
        bob.login("bob").await;
        let applications = bob.get("/api/platform/applications").send().await.json();
        assert_eq!(applications[0]["id"], "acme.todos", "the floods reach the proxy");
        let cookie = format!(
            "Cookie: __Host-portico={}\r\nSec-Fetch-Site: same-origin",
            bob.session().expect("an id")
        );
        Self { program, cookie }
    }

    /// Lets `many` clients do the same at once; each returns how many bytes it got rid of and took.
    async fn flood<F: Future<Output = usize>>(
        &self,
        what: &str,
        many: usize,
        client: impl Fn(TcpStream) -> F,
    ) {
        self.program.forget_peak();
        let before = self.program.peak_kib();
        let clients = (0..many).map(|_| async {
            let socket = TcpStream::connect(&self.program.addr).await.expect("it listens");
            timeout(PATIENCE, client(socket)).await
        });
        let ended = join_all(clients).await;
        let cut = ended.iter().filter(|ended| ended.is_ok()).count();
        assert_eq!(cut, many, "{what}: the portal closes every connection");
        let bytes: usize = ended.into_iter().flatten().sum();
        let more = self.program.peak_kib().saturating_sub(before);
        eprintln!("{what}: {many} clients, {} KiB sent, {more} KiB more memory at the peak", bytes / 1024);
        assert!(more < MOST_KIB, "{what}: {more} KiB");
        assert_eq!(self.program.readiness().await.map(|status| status.as_u16()), Some(200), "after {what}");
    }

    fn head(&self, line: &str, fields: &str) -> String {
        format!("{line} HTTP/1.1\r\nHost: {}\r\n{}\r\n{fields}", self.program.addr, self.cookie)
    }
}

/// Sends `head` and then `piece` over and over, until the portal has had enough.
async fn pour(mut socket: TcpStream, head: &[u8], piece: &[u8], most: usize) -> usize {
    let mut sent = head.len();
    if socket.write_all(head).await.is_err() {
        return sent;
    }
    while sent < most && socket.write_all(piece).await.is_ok() {
        sent += piece.len();
    }
    rest(socket).await;
    sent
}

/// Reads to the end, be it an answer or a reset.
async fn rest(mut socket: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    while socket.read(&mut buffer).await.is_ok_and(|more| more > 0) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_71_case_72_floods_leave_memory_flat_and_the_portal_serving() {
    let world = World::start().await;
    let chunk = [b"10000\r\n".as_slice(), &[b'['; 0x10000], b"\r\n"].concat();
    let plenty = 64 * 1024 * 1024;
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

    let upload = world.head("POST /bff/acme.todos/todos", chunked);
    world
        .flood("endless chunks through the proxy", 10, |socket| {
            pour(socket, upload.as_bytes(), &chunk, plenty)
        })
        .await;

    let report = world.head("POST /api/platform/rum", chunked);
    world
        .flood("endless chunks to the portal", 100, |socket| pour(socket, report.as_bytes(), &chunk, plenty))
        .await;

    let bomb = world.head("POST /api/platform/rum", &format!("Content-Encoding: gzip\r\n{chunked}"));
    world.flood("gzip bombs", 100, |socket| pour(socket, bomb.as_bytes(), &chunk, plenty)).await;

    let fields: String = (0..10_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = world.head("GET /", &fields);
    world
        .flood("10,000 header fields", 100, |socket| pour(socket, many.as_bytes(), b"X-Y: 1\r\n", plenty))
        .await;

    let slow = world.head("GET /", "X-Slow: ");
    world
        .flood("heads that never end", 500, |mut socket| {
            let slow = slow.clone();
            async move {
                socket.write_all(slow.as_bytes()).await.expect("it reads");
                rest(socket).await;
                slow.len()
            }
        })
        .await;

    let paused = world.head("POST /bff/acme.todos/todos", "Content-Length: 1000000\r\n\r\n[");
    world
        .flood("bodies that never go on", 200, |mut socket| {
            let paused = paused.clone();
            async move {
                socket.write_all(paused.as_bytes()).await.expect("it reads");
                rest(socket).await;
                paused.len()
            }
        })
        .await;

    // What they are sent would have no end.
    let download = world.head("GET /bff/acme.todos/todos", "\r\n");
    world
        .flood("downloads that nobody reads", 50, |mut socket| {
            let download = download.clone();
            async move {
                socket.write_all(download.as_bytes()).await.expect("it reads");
                // The portal gives up while this waits; then its end is all that is left to read.
                tokio::time::sleep(Duration::from_secs(4)).await;
                let mut taken = 0;
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(more @ 1..) = socket.read(&mut buffer).await {
                    taken += more;
                }
                taken
            }
        })
        .await;
}
