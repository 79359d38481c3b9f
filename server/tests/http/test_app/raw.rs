use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Answer;

/// Writes `request` as it is, for what no well-behaved client would send, and reads until the server closes.
pub async fn exchange(addr: SocketAddr, request: &[u8]) -> Answer {
    let mut socket = TcpStream::connect(addr).await.expect("the portal listens");
    // The server may answer and close before it has read everything.
    let _ = socket.write_all(request).await;
    let mut received = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), socket.read_to_end(&mut received)).await;
    let beginning = String::from_utf8_lossy(&request[..request.len().min(60)]);
    assert!(!received.is_empty(), "no answer to {beginning}");
    parse(&received)
}

/// Reads an HTTP/1.1 response whose end is the end of the connection.
pub fn parse(received: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(received);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text:?}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        headers.append(name, HeaderValue::from_str(value.trim()).expect("a header value"));
    }
    let status = status.and_then(|code| StatusCode::from_u16(code).ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("no status: {head}")),
        headers,
        body: Bytes::from(body.to_owned()),
    }
}
