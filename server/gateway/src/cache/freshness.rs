use std::time::{Duration, SystemTime};

use http::header::{AGE, AUTHORIZATION, CACHE_CONTROL, EXPIRES, HeaderMap, HeaderName, HeaderValue, PRAGMA};
use http::{Method, Request, Response, StatusCode, Uri};
use http_cache_semantics::{CacheOptions, CachePolicy};

use super::rule::{CacheRule, CacheScope};

/// Whether and how a kept answer may be used for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// As it is.
    Fresh,
    /// As it is, while a new one is fetched (RFC 5861, section 3).
    WhileRevalidating,
    /// After the upstream was asked; `if_error` says whether also where the upstream fails (RFC 5861, section 4).
    Revalidate { if_error: bool },
}

/// How long an answer counts after it is no longer fresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) while_revalidating: Duration,
    pub(crate) if_error: Duration,
}

/// What of a request decides about freshness: its method, URI and cache directives.
pub(crate) fn request_for_policy(uri: &Uri, headers: &HeaderMap, authorized: bool) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri.clone();
    for name in [CACHE_CONTROL, PRAGMA] {
        copy(headers, request.headers_mut(), &name);
    }
    if authorized {
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer"));
    }
    request
}

/// What of an answer decides about it. What it depends on (`Vary`) is part of its name.
pub(crate) fn response_for_policy(status: StatusCode, headers: &HeaderMap, rule: &CacheRule) -> Response<()> {
    const DECIDING: [HeaderName; 7] = [
        CACHE_CONTROL,
        EXPIRES,
        PRAGMA,
        http::header::DATE,
        http::header::ETAG,
        http::header::LAST_MODIFIED,
        http::header::SET_COOKIE,
    ];
    let mut response = Response::new(());
    *response.status_mut() = status;
    let kept = response.headers_mut();
    DECIDING.iter().for_each(|name| copy(headers, kept, name));
    if let Some(age) = age_of(headers) {
        kept.insert(AGE, age.into());
    }
    if let Some(max_age) = rule.max_age.filter(|_| status.is_success() || status.is_redirection()) {
        overridden(kept, max_age, rule.scope);
    }
    response
}

/// The route's own lifetime instead of the upstream's; what forbids keeping stays.
fn overridden(headers: &mut HeaderMap, max_age: Duration, scope: CacheScope) {
    let has = |headers: &HeaderMap, name: &str| directive(headers, name).is_some();
    if has(headers, "no-store") || (scope == CacheScope::Organization && has(headers, "private")) {
        return;
    }
    let strict = if has(headers, "must-revalidate") { ", must-revalidate" } else { "" };
    // Whom it may be given to is the route's to say as well (RFC 9111, section 3.5).
    let shared = if scope == CacheScope::Organization { ", public" } else { "" };
    let value = format!("max-age={}{shared}{strict}", max_age.as_secs());
    headers.insert(CACHE_CONTROL, HeaderValue::try_from(value).expect("directives are ASCII"));
    headers.remove(EXPIRES);
    headers.remove(PRAGMA);
}

pub(crate) fn options(scope: CacheScope) -> CacheOptions {
    CacheOptions {
        shared: scope == CacheScope::Organization,
        // An API that does not say how long its answers are fresh is not guessed at.
        cache_heuristic: 0.0,
        ..CacheOptions::default()
    }
}

/// How long an answer counts after its freshness: the route's word, or else the upstream's.
pub(crate) fn windows(headers: &HeaderMap, rule: &CacheRule) -> Windows {
    let strict = ["must-revalidate", "proxy-revalidate", "no-cache"];
    if strict.iter().any(|name| directive(headers, name).is_some()) && rule.max_age.is_none() {
        return Windows::default();
    }
    if directive(headers, "must-revalidate").is_some() {
        return Windows::default();
    }
    let upstream = |name: &str| {
        let seconds = directive(headers, name).flatten().and_then(|seconds| seconds.parse::<u32>().ok());
        Duration::from_secs(u64::from(seconds.unwrap_or(0).min(LONGEST)))
    };
    Windows {
        while_revalidating: rule.stale_while_revalidate.unwrap_or_else(|| upstream("stale-while-revalidate")),
        if_error: rule.stale_if_error.unwrap_or_else(|| upstream("stale-if-error")),
    }
}

/// No answer is kept for longer, in seconds: a day.
pub(crate) const LONGEST: u32 = 86_400;

/// How a kept answer stands towards a request at `now`. `fresh_until` is when it stopped being fresh.
pub(crate) fn standing(
    policy: &CachePolicy,
    windows: Windows,
    fresh_until: SystemTime,
    request: &Request<()>,
    now: SystemTime,
) -> Standing {
    if policy.before_request(request, now).satisfies_without_revalidation() {
        return Standing::Fresh;
    }
    let late = now.duration_since(fresh_until).unwrap_or_default();
    let if_error = late <= windows.if_error;
    // Whoever asks for a new one gets a new one.
    let insists =
        ["no-cache", "max-age", "min-fresh"].iter().any(|name| directive(request.headers(), name).is_some())
            || request.headers().contains_key(PRAGMA);
    if !insists && late < windows.while_revalidating {
        return Standing::WhileRevalidating;
    }
    Standing::Revalidate { if_error }
}

/// A directive of `Cache-Control`, with its value if it has one.
pub(crate) fn directive<'h>(headers: &'h HeaderMap, name: &str) -> Option<Option<&'h str>> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).find_map(|part| {
        let (key, value) = part.split_once('=').map_or((part, None), |(key, value)| (key, Some(value)));
        key.trim().eq_ignore_ascii_case(name).then(|| value.map(|value| value.trim().trim_matches('"')))
    })
}

/// The age that an upstream's own caches tell, bounded (RFC 9111, section 1.2.2).
fn age_of(headers: &HeaderMap) -> Option<u32> {
    let text = headers.get(AGE)?.to_str().ok()?.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().unwrap_or(1 << 31).min(1 << 31))
}

fn copy(from: &HeaderMap, to: &mut HeaderMap, name: &HeaderName) {
    for value in from.get_all(name) {
        to.append(name.clone(), value.clone());
    }
}
