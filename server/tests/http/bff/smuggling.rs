//! A request whose end two readers could see in different places.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::test_app::{Reply, TestApp};

/// What the sender hopes that the upstream takes for a request of its own.
const SMUGGLED: &str = "GET /todos/smuggled HTTP/1.1\r\nHost: x\r\nX-Ignore: ";

/// The request's framing headers, and its body with [`SMUGGLED`] in it or after it.
fn attacks() -> Vec<(&'static str, String, String)> {
    let chunked_then = format!("0\r\n\r\n{SMUGGLED}");
    let length = chunked_then.len();
    let cl = |n: usize| format!("Content-Length: {n}\r\n");
    let te = "Transfer-Encoding: chunked\r\n";
    let with_te = |line: &str| format!("{}{line}\r\n", cl(length));
    let one_chunk = |size_line: &str| format!("{size_line}\r\nabc\r\n{chunked_then}");
    vec![
        ("CL.TE", format!("{}{te}", cl(length)), chunked_then.clone()),
        ("TE.CL", format!("{te}{}", cl(3)), chunked_then.clone()),
        ("TE.TE", format!("{te}Transfer-Encoding: identity\r\n{}", cl(length)), chunked_then.clone()),
        ("TE list", with_te("Transfer-Encoding: chunked, identity"), chunked_then.clone()),
        ("TE unknown", with_te("Transfer-Encoding: xchunked"), chunked_then.clone()),
        ("TE quoted", with_te("Transfer-Encoding: \"chunked\""), chunked_then.clone()),
        ("TE space before the colon", with_te("Transfer-Encoding : chunked"), chunked_then.clone()),
        ("TE tab", with_te("Transfer-Encoding:\tchunked"), chunked_then.clone()),
        ("TE vertical tab", with_te("Transfer-Encoding: \x0bchunked"), chunked_then.clone()),
        ("TE after a bare CR", with_te("X: y\rTransfer-Encoding: chunked"), chunked_then.clone()),
        ("TE after a bare LF", with_te("X: y\nTransfer-Encoding: chunked"), chunked_then.clone()),
        ("TE folded", with_te("Transfer-Encoding:\r\n chunked"), chunked_then.clone()),
        ("header folded", with_te("X: y\r\n Transfer-Encoding: chunked"), chunked_then.clone()),
        ("TE underscore", with_te("Transfer_Encoding: chunked"), chunked_then.clone()),
        ("CL twice", format!("{}{}", cl(length), cl(0)), chunked_then.clone()),
        ("CL list", format!("Content-Length: {length}, 0\r\n"), chunked_then.clone()),
        ("CL plus", format!("Content-Length: +{length}\r\n"), chunked_then.clone()),
        ("CL hex", "Content-Length: 0x5\r\n".into(), chunked_then.clone()),
        ("CL negative", "Content-Length: -1\r\n".into(), chunked_then.clone()),
        ("chunk extension", te.into(), one_chunk("3;a=b")),
        ("chunk extension with a bare LF", te.into(), one_chunk("3;a\nb")),
        ("chunk extension with a bare CR", te.into(), one_chunk("3;a\rb")),
        ("chunk size with 0x", te.into(), one_chunk("0x3")),
        ("chunk size with a sign", te.into(), one_chunk("+3")),
        ("chunk size too large", te.into(), one_chunk("10000000000000003")),
        ("chunk ended by a bare LF", te.into(), format!("3\nabc\n0\n\n{SMUGGLED}")),
        ("chunk longer than said", te.into(), format!("3\r\nabcdef\r\n{chunked_then}")),
        ("trailer", te.into(), format!("0\r\nContent-Length: 5\r\nX-Org-Id: globex\r\n\r\n{SMUGGLED}")),
    ]
}

#[tokio::test]
async fn case_46_what_is_framed_ambiguously_is_one_request_or_none_and_reaches_nobody_else() {
    let app = TestApp::configured(|config| {
        config.limits.head_timeout_ms = 250;
        config.limits.body_timeout_ms = 250;
    })
    .await;
    // Everyone shares the connections to the upstream, and each answer says whose it is.
    app.todos.answers(|seen| {
        let body = format!("{} {}", seen.target(), seen.claims()["sub"].as_str().unwrap_or_default());
        Reply::Response(200, Vec::new(), body.into())
    });
    let (bob, alice) = (app.signed_in("bob").await, app.signed_in("alice").await);
    alice.get("/bff/acme.todos/todos/before").send().await.expect(200);
    let cookie = format!("Cookie: __Host-portico={}\r\nX-CSRF: 1\r\n", bob.session().expect("an id"));
    // One that is sound arrives whole: what the others are refused for is their framing.
    let sound = ("sound", "Transfer-Encoding: chunked\r\n".to_owned(), "3\r\nabc\r\n0\r\n\r\n".to_owned());
    let mut shared = 0;
    for (name, framing, body) in [sound].into_iter().chain(attacks()) {
        let before = app.todos.seen().len();
        let head = format!(
            "POST /bff/acme.todos/todos/outer HTTP/1.1\r\nHost: {}\r\n{cookie}{framing}\r\n",
            app.addr
        );
        let mut socket = TcpStream::connect(app.addr).await.expect("the portal listens");
        // The portal may refuse and close before it has read everything.
        let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
        let mut received = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut received)).await;
        let answers = String::from_utf8_lossy(&received).matches("HTTP/1.1 200").count();
        assert!(answers <= 1, "{name}: {}", String::from_utf8_lossy(&received));
        let seen = app.todos.seen().split_off(before);
        assert!(seen.len() <= 1, "{name}: {seen:?}");
        for request in &seen {
            assert_eq!(request.target(), "/todos/outer", "{name}");
            assert!(request.values("content-length").len() + request.values("transfer-encoding").len() <= 1);
            assert_eq!(request.claims()["org_id"], "acme", "{name}");
            assert!(!request.values("x-org-id").contains(&"globex"), "{name}: a trailer became a header");
        }
        assert!(name != "sound" || seen.first().is_some_and(|request| request.body == b"abc"), "{seen:?}");
        let victim = alice.get("/bff/acme.todos/todos/victim").send().await;
        assert_eq!(victim.expect(200).text(), "/todos/victim demo|alice", "{name}");
        let after = app.todos.seen().split_off(before + seen.len());
        let [own] = &after[..] else { panic!("{name}: the victim's request and no other: {after:?}") };
        assert_eq!((own.target(), own.body.as_slice()), ("/todos/victim", b"".as_slice()), "{name}");
        shared += usize::from(seen.iter().any(|request| request.connection == own.connection));
    }
    assert!(shared > 1, "the victim's requests went over the connections that the attacks had used");
}

#[tokio::test]
async fn case_46_an_upstream_that_answers_more_than_it_was_asked_poisons_no_later_answer() {
    let app = TestApp::start().await;
    let (bob, alice) = (app.signed_in("bob").await, app.signed_in("alice").await);
    app.todos.answers(|seen| {
        let body = format!("for {}", seen.target());
        if seen.target() != "/todos/double" {
            return Reply::Response(200, Vec::new(), body.into());
        }
        // Its length ends before a second response that nobody asked for.
        let extra = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged";
        Reply::Raw(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}{extra}", body.len()).into())
    });
    for _ in 0..5 {
        assert_eq!(bob.get("/bff/acme.todos/todos/double").send().await.text(), "for /todos/double");
        let victim = alice.get("/bff/acme.todos/todos/victim").send().await;
        assert_eq!(victim.expect(200).text(), "for /todos/victim");
    }
}
