//! WebSockets over HTTP/2 (RFC 8441): browsers that share one connection among all their requests ask to switch protocols
//! by an extended CONNECT, and one stream leaves HTTP instead of the connection.

use axum::extract::Request;
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::ext::Protocol;
use portico_ports::Random;

/// What a request carries that came as an extended CONNECT.
#[derive(Clone, Copy, Debug)]
pub struct ExtendedConnect;

/// Makes an extended CONNECT the request that HTTP/1.1 has for it (section 5), so that everything after this treats both
/// alike; whether it was one. The nonce, which HTTP/2 does not have, is the portal's: the upstream answers to it.
pub fn accept(request: &mut Request, random: &dyn Random) -> bool {
    if *request.method() != Method::CONNECT {
        return false;
    }
    let Some(protocol) = request.extensions_mut().remove::<Protocol>() else { return false };
    let Ok(name) = HeaderValue::from_str(protocol.as_str()) else { return false };
    let mut nonce = [0; 16];
    random.fill(&mut nonce);
    let key = HeaderValue::try_from(STANDARD.encode(nonce)).expect("base64 is ASCII");
    *request.method_mut() = Method::GET;
    request.extensions_mut().insert(ExtendedConnect);
    let headers = request.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    if name.as_bytes().eq_ignore_ascii_case(b"websocket") {
        headers.insert(SEC_WEBSOCKET_KEY, key);
    }
    headers.insert(UPGRADE, name);
    true
}

/// Makes the answer to such a request one of HTTP/2: what switches is 200, and no field concerns the connection.
pub fn answer(mut response: Response) -> Response {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        *response.status_mut() = StatusCode::OK;
    }
    for name in [CONNECTION, UPGRADE, SEC_WEBSOCKET_ACCEPT] {
        response.headers_mut().remove(name);
    }
    response
}
