use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::test_app::TestApp;

/// Sends the head of an upload that waits to be told to go on, and returns what is answered before any of its body.
async fn answered(app: &TestApp, path: &str, fields: &str) -> (TcpStream, String) {
    let bob = app.signed_in("bob").await;
    let mut socket = TcpStream::connect(app.addr).await.expect("the portal listens");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nCookie: __Host-portico={}\r\n{fields}Expect: 100-continue\r\n\r\n",
        app.addr,
        bob.session().expect("an id")
    );
    socket.write_all(head.as_bytes()).await.expect("it reads");
    let mut received = Vec::new();
    while !received.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = tokio::time::timeout(Duration::from_secs(5), socket.read_buf(&mut received)).await;
        assert!(read.expect("something is answered").expect("no reset") > 0);
    }
    (socket, String::from_utf8_lossy(&received).into_owned())
}

#[tokio::test]
async fn an_upload_is_asked_for_only_once_it_is_allowed() {
    let app = TestApp::start().await;
    let allowed = "X-CSRF: 1\r\nContent-Length: 5\r\n";
    for (path, fields, status) in [
        ("/bff/acme.todos/todos", "Content-Length: 5\r\n", "403"),
        ("/bff/acme.todos/nothing", allowed, "404"),
        ("/bff/acme.todos/admin/x", allowed, "405"),
        ("/bff/acme.todos/todos", "X-CSRF: 1\r\nContent-Length: 99999999999\r\n", "413"),
    ] {
        let (_, answer) = answered(&app, path, fields).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {fields}: {answer}");
    }
    assert_eq!(app.todos.seen().len(), 0);

    let (mut socket, answer) = answered(&app, "/bff/acme.todos/todos", allowed).await;
    assert!(answer.starts_with("HTTP/1.1 100 "), "{answer}");
    assert_eq!(app.todos.seen().len(), 0, "nothing of it was sent before it is there");
    socket.write_all(b"hello").await.expect("it reads");
    let mut received = vec![0; 12];
    socket.read_exact(&mut received).await.expect("an answer");
    assert_eq!(received, b"HTTP/1.1 200");
    assert_eq!((app.todos.last().body.as_slice(), app.todos.last().header("expect")), (&b"hello"[..], ""));
}
