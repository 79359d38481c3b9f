//! SIGTERM, to the program itself.

use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::test_app::{Browser, Program};

/// A `POST` whose body has begun: `[`, with another byte to come.
async fn upload(program: &Program, session: &str) -> TcpStream {
    let mut socket = TcpStream::connect(&program.addr).await.expect("it listens");
    let head = format!(
        "POST /api/platform/rum HTTP/1.1\r\nHost: {}\r\nCookie: __Host-portico={session}\r\nX-CSRF: 1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[",
        program.addr
    );
    socket.write_all(head.as_bytes()).await.expect("it reads");
    socket
}

#[tokio::test]
async fn case_76_sigterm_is_said_before_it_is_felt_and_ends_in_time() {
    const DRAIN: u64 = 3;
    let drain = DRAIN.to_string();
    let settings = [("PORTICO_LISTEN__NOTICE_MS", "1500"), ("PORTICO_LISTEN__DRAIN_SECONDS", drain.as_str())];
    let mut program = Program::start(&settings, |_| {}).await;
    assert!(program.directory().join("data").exists(), "it keeps its files here");
    let bob = Browser::at(&program.origin);
    bob.login("bob").await;
    let session = bob.session().expect("an id");
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    let (mut finishing, mut hanging) = (upload(&program, &session).await, upload(&program, &session).await);
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
