use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, header, uri::Authority};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use url::Host;

use crate::config::is_loopback;

/// Lets only this machine in, by the connection's peer where it is known, and by the host that was asked for: a page
/// of another site whose name resolves to loopback (DNS rebinding) has the right peer and the wrong host.
pub(crate) async fn require_loopback(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer_is_local = peer.is_none_or(|info| info.0.ip().to_canonical().is_loopback());
    if peer_is_local && asked_host_is_local(&request) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "The development identity provider answers this machine only.\n")
            .into_response()
    }
}

fn asked_host_is_local(request: &Request) -> bool {
    let authority = match (request.uri().authority(), request.headers().get(header::HOST)) {
        (Some(authority), _) => Some(authority.as_str().as_bytes()),
        (None, Some(host)) => Some(host.as_bytes()),
        (None, None) => None,
    };
    authority.is_none_or(|authority| {
        Authority::try_from(authority)
            .is_ok_and(|authority| Host::parse(authority.host()).is_ok_and(|host| is_loopback(&host)))
    })
}
