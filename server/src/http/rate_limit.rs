//! How often a client may ask.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use portico_identity::session::{COOKIE_NAME, SessionId};

use super::{ApiError, RequestContext};
use crate::config::Config;
use crate::state::AppState;

/// Keyed token buckets.
pub struct Limiter<K: std::hash::Hash + Eq + Clone> {
    buckets: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
}

impl<K: std::hash::Hash + Eq + Clone> std::fmt::Debug for Limiter<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limiter")
    }
}

impl<K: std::hash::Hash + Eq + Clone> Limiter<K> {
    /// At most `per_minute` for each key, all of which may come at once.
    pub fn per_minute(per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Self { buckets: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Takes one from the key's bucket.
    pub fn take(&self, key: &K) -> Result<(), ApiError> {
        self.buckets.check_key(key).map_err(|until| {
            let seconds = until.wait_time_from(self.clock.now()).as_secs() + 1;
            too_many(seconds)
        })
    }

    /// Forgets keys that have been quiet long enough to be full again.
    pub fn sweep(&self) {
        self.buckets.retain_recent();
    }
}

fn too_many(seconds: u64) -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "Too many requests",
        format!("Wait {seconds} s and try again."),
    )
    .header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

/// The layer for requests that carry no session cookie; sessions are counted where they are known.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if counts(&request, state.dev_idp.is_some())
        && let Some(context) = request.extensions().get::<RequestContext>()
        && let Err(error) = state.limits.anonymous.take(&bucket(context.client_ip))
    {
        return error.into_response();
    }
    next.run(request).await
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
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let free = FREE.contains(&route) || (dev_idp && request.uri().path().starts_with("/dev/idp/"));
    !free && (route.starts_with("/auth/") || !shows_cookie(request.headers()))
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
pub fn bucket(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Every limiter of one instance.
#[derive(Debug)]
pub struct Limits {
    /// By client address, for what needs no session.
    pub anonymous: Limiter<IpAddr>,
    /// By session, for the portal's own endpoints.
    pub session: Limiter<SessionId>,
    /// By session and remote, for the proxy.
    pub remote: Limiter<(SessionId, String)>,
    /// By session, for publishing.
    pub publish: Limiter<SessionId>,
    /// By organization, for invitations, each of which is a letter.
    pub invitations: Limiter<String>,
}

impl Limits {
    /// Limiters as configured.
    pub fn new(config: &Config) -> Self {
        Self {
            anonymous: Limiter::per_minute(config.limits.anonymous_per_minute),
            session: Limiter::per_minute(config.limits.session_per_minute),
            remote: Limiter::per_minute(config.limits.remote_per_minute),
            publish: Limiter::per_minute(config.events.publish_per_minute),
            invitations: Limiter::per_minute(config.invitations.per_minute),
        }
    }

    /// Forgets what has been quiet.
    pub fn sweep(&self) {
        self.anonymous.sweep();
        self.session.sweep();
        self.remote.sweep();
        self.publish.sweep();
        self.invitations.sweep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_74_addresses_of_one_ipv6_network_share_a_bucket() {
        let parse = |text: &str| bucket(text.parse().expect("an address"));
        assert_eq!(parse("2001:db8:1:2:3::4"), parse("2001:db8:1:2:ffff::1"));
        assert_ne!(parse("2001:db8:1:2::1"), parse("2001:db8:1:3::1"));
    }

    #[test]
    fn what_exceeds_the_bucket_is_told_when_to_come_back() {
        let limiter = Limiter::per_minute(2);
        assert!(limiter.take(&1).is_ok() && limiter.take(&1).is_ok());
        assert_eq!(limiter.take(&1).expect_err("exceeds").status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(limiter.take(&2).is_ok(), "others are not affected");
    }
}
