//! SIGTERM, to the program itself.

use std::process::Stdio;
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::test_app::{Browser, write_site};

/// The built program, in an empty directory, with no remote and the embedded parts.
struct Program {
    child: Child,
    origin: String,
    addr: String,
    directory: tempfile::TempDir,
}

impl Program {
    async fn start(drain_seconds: u32) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        write_site(&directory.path().join("site"));
        let (addr, admin) = (free_addr().await, free_addr().await);
        let child = Command::new(env!("CARGO_BIN_EXE_portico"))
            .current_dir(directory.path())
            .env("PORTICO_ADDR", &addr)
            .env("PORTICO_ADMIN_ADDR", admin)
            .env("PORTICO_SITE_DIR", "site")
            .env("PORTICO_LISTEN__NOTICE_MS", "1500")
            .env("PORTICO_LISTEN__DRAIN_SECONDS", drain_seconds.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program is built");
        let program = Self { child, origin: format!("http://{addr}"), addr, directory };
        let begun = Instant::now();
        while program.readiness().await != Some(StatusCode::OK) {
            assert!(begun.elapsed() < Duration::from_secs(30), "it becomes ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        program
    }

    /// What `/readyz` says to a new connection; none where there is no connection.
    async fn readiness(&self) -> Option<StatusCode> {
        let mut socket = TcpStream::connect(&self.addr).await.ok()?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.addr);
        socket.write_all(request.as_bytes()).await.ok()?;
        let mut received = String::new();
        socket.read_to_string(&mut received).await.ok()?;
        received.split(' ').nth(1)?.parse().ok()
    }

    /// A `POST` whose body has begun: `[`, with another byte to come.
    async fn upload(&self, session: &str) -> TcpStream {
        let mut socket = TcpStream::connect(&self.addr).await.expect("it listens");
        let head = format!(
            "POST /api/platform/rum HTTP/1.1\r\nHost: {}\r\nCookie: __Host-portico={session}\r\nX-CSRF: 1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[",
            self.addr
        );
        socket.write_all(head.as_bytes()).await.expect("it reads");
        socket
    }

    async fn terminate(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(status.expect("kill exists").success());
    }
}

async fn free_addr() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("a bound socket has an address").to_string()
}

#[tokio::test]
async fn case_76_sigterm_is_said_before_it_is_felt_and_ends_in_time() {
    const DRAIN: u64 = 3;
    let mut program = Program::start(u32::try_from(DRAIN).expect("small")).await;
    assert!(program.directory.path().join("data").exists(), "it keeps its files here");
    let bob = Browser::at(&program.origin);
    bob.login("bob").await;
    let session = bob.session().expect("an id");
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    let (mut finishing, mut hanging) = (program.upload(&session).await, program.upload(&session).await);
    tokio::time::sleep(Duration::from_millis(200)).await;

    let signalled = Instant::now();
    program.terminate().await;
    let begun = Instant::now();
    while program.readiness().await == Some(StatusCode::OK) {
        assert!(begun.elapsed() < Duration::from_secs(1), "it stops being ready at once");
    }
    let readiness = program.readiness().await;
    assert_eq!(readiness, Some(StatusCode::SERVICE_UNAVAILABLE), "not ready, and still listening");
    bob.get("/api/platform/session").send().await.expect(200);

    assert!(stream.rest().await.iter().any(|event| event.kind == "bye"), "streams are told");
    finishing.write_all(b"]").await.expect("an upload under way goes on");
    let mut answer = String::new();
    finishing.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    assert_eq!(program.readiness().await, None, "nobody is taken any more");

    let limit = Duration::from_secs(DRAIN) + Duration::from_millis(1500) + Duration::from_secs(3);
    let exit = tokio::time::timeout(limit, program.child.wait()).await.expect("it ends before the deadline");
    assert!(exit.expect("a status").success());
    assert!(signalled.elapsed() < limit, "{:?}", signalled.elapsed());
    let mut rest = Vec::new();
    // One that never finished its body is cut: with or without a word is the same to it.
    let _ = hanging.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 2"));
}
