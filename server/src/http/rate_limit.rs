//! Where requests are counted, and how they are told what is left.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use portico_identity::session::COOKIE_NAME;

use super::RequestContext;
use crate::limits::{Left, Surface};
use crate::state::AppState;

/// The layer for requests that carry no session cookie; sessions are counted where they are known, and the layer tells
/// them what that came to.
pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if counts(&request, state.dev_idp.is_some()) {
        let Some(client) = request.extensions().get::<RequestContext>().map(|context| context.client_ip)
        else {
            return next.run(request).await;
        };
        return match state.limits.anonymous(client).await {
            Ok(left) => told(&state, Surface::Anonymous, left, next.run(request).await),
            Err(error) => error.into_response(),
        };
    }
    let counted = Counted::default();
    request.extensions_mut().insert(counted.clone());
    let response = next.run(request).await;
    match counted.0.get() {
        Some((surface, left)) => told(&state, *surface, *left, response),
        None => response,
    }
}

/// What a request was counted as, told by whoever counts it to the layer.
#[derive(Clone, Debug, Default)]
pub struct Counted(Arc<OnceLock<(Surface, Left)>>);

impl Counted {
    /// Remembers the first count; there is no second one.
    pub fn set(&self, surface: Surface, left: Left) {
        let _ = self.0.set((surface, left));
    }
}

fn told(state: &AppState, surface: Surface, left: Left, mut response: Response) -> Response {
    // A refusal inside has told already, and of what it refused.
    if !response.headers().contains_key("ratelimit") {
        state.limits.policies(surface).tell(response.headers_mut(), left);
    }
    response
}

/// Routes that do not count: hashed assets, remote files and health are cheap, public and cacheable. The route that was
/// matched decides, not the path's beginning: what only looks like one of these is a page, and pages are not cheap.
/// A logout token counts once it is refused.
const FREE: [&str; 6] = [
    "/pkg/{*file}",
    "/remotes/{id}/{version}/{*file}",
    "/favicon.svg",
    "/healthz",
    "/readyz",
    "/auth/backchannel-logout",
];

/// The development IdP does not count either, where it is in use: it is a service of its own, without routes of ours. What
/// shows a session cookie is counted where the session is looked up, whether there is one or not.
fn counts(request: &Request, dev_idp: bool) -> bool {
    let route = route(request);
    let free = FREE.contains(&route) || (dev_idp && request.uri().path().starts_with("/dev/idp/"));
    !free && (route.starts_with("/auth/") || !shows_cookie(request.headers()))
}

fn route(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str)
}

/// Whether a request shows something under the session cookie's name.
pub fn shows_cookie(headers: &axum::http::HeaderMap) -> bool {
    let name = COOKIE_NAME.as_bytes();
    headers.get_all(header::COOKIE).iter().any(|value| {
        value
            .as_bytes()
            .split(|byte| *byte == b';')
            .any(|pair| pair.trim_ascii().strip_prefix(name).is_some_and(|rest| rest.starts_with(b"=")))
    })
}

/// One customer usually has a whole IPv6 /64, so that is what is counted.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_74_addresses_of_one_ipv6_network_share_a_bucket() {
        let parse = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(parse("2001:db8:1:2:3::4"), parse("2001:db8:1:2:ffff::1"));
        assert_ne!(parse("2001:db8:1:2::1"), parse("2001:db8:1:3::1"));
    }
}
