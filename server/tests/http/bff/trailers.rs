//! Trailer fields (RFC 9110, section 6.5) between browsers of either version of HTTP and a service.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::test_app::{Http2Connection, Reply, TestApp};

const TODOS: &str = "/bff/acme.todos/todos";

fn with_trailers() -> Reply {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: server-timing, set-cookie, x-checksum\r\n\r\n";
    let body = "4\r\nfine\r\n0\r\nserver-timing: db;dur=5\r\nset-cookie: theirs=1\r\nx-checksum: 7\r\nx-portico-a: b\r\n\r\n";
    Reply::Raw(format!("{head}{body}").into())
}

#[tokio::test]
async fn a_browser_of_http2_gets_them() {
    let app = TestApp::start().await;
    app.todos.answers(|_| with_trailers());
    let bob = app.signed_in("bob").await;
    let connection = Http2Connection::open(app.addr).await;
    let answer = connection.send(&bob, Method::GET, TODOS, &[("te", "trailers")], "", None).await;
    assert_eq!((answer.head.status().as_u16(), answer.body.as_ref()), (200, &b"fine"[..]));
    let mut names: Vec<_> = answer.trailers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["server-timing", "x-checksum"]);
    assert_eq!(answer.head.headers()["trailer"], "server-timing, x-checksum");
    assert_eq!(app.todos.last().header("te"), "trailers");
}

#[tokio::test]
async fn a_browser_of_http1_gets_them_where_it_takes_them() {
    let app = TestApp::start().await;
    app.todos.answers(|_| with_trailers());
    let bob = app.signed_in("bob").await;
    let cookie = bob.session().expect("an id");
    let ask = async |lines: &str| {
        let head = format!(
            "GET {TODOS} HTTP/1.1\r\nHost: x\r\nCookie: __Host-portico={cookie}\r\nX-CSRF: 1\r\n{lines}\r\n"
        );
        app.raw(head).await.text().to_owned()
    };
    let taken = ask("Connection: close, TE\r\nTE: trailers\r\n").await;
    assert!(taken.ends_with("0\r\nserver-timing: db;dur=5\r\nx-checksum: 7\r\n\r\n"), "{taken}");
    let not = ask("Connection: close\r\n").await;
    assert!(not.ends_with("4\r\nfine\r\n0\r\n\r\n"), "{not}");
}

#[tokio::test]
async fn the_service_gets_a_browsers_but_for_what_only_the_portal_says() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let connection = Http2Connection::open(app.addr).await;
    let trailers: HeaderMap = [("x-checksum", "7"), ("authorization", "Bearer mine"), ("x-user-id", "alice")]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    let fields = [("trailer", "x-checksum, authorization"), ("content-type", "text/plain")];
    let answer = connection.send(&bob, Method::POST, TODOS, &fields, "body", Some(trailers)).await;
    assert_eq!(answer.head.status(), 200);
    let seen = app.todos.last();
    assert_eq!((seen.header("trailer"), seen.header("transfer-encoding")), ("x-checksum", "chunked"));
    assert_eq!(
        (seen.body.as_slice(), seen.trailers),
        (&b"body"[..], vec![("x-checksum".to_owned(), "7".to_owned())])
    );
}
