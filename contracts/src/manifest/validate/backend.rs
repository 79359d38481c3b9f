use super::super::Backend;
use super::super::RouteCache;
use super::super::rules::{AUDIENCE, BACKEND_PATH, BACKEND_URL, PERMISSION, SCOPE};
use super::{LONGEST_LIST, Problems, views};

/// How long a call may take to begin its answer, in milliseconds: two minutes at most, or slow back ends pile up calls.
const TIMEOUTS: std::ops::RangeInclusive<u32> = 1..=120_000;

/// More tries than that only add load to a back end that is down.
const RETRIES: std::ops::RangeInclusive<u32> = 0..=5;

pub(super) fn validate(backend: &Backend, problems: &mut Problems) {
    problems.text("/backend/url", &backend.url, BACKEND_URL);
    problems.text("/backend/audience", &backend.audience, AUDIENCE);
    problems.texts("/backend/scopes", &backend.scopes, SCOPE);
    problems.number("/backend/timeoutMs", backend.timeout_ms, TIMEOUTS);
    problems.number("/backend/retries", backend.retries, RETRIES);
    problems.length("/backend/routes", backend.routes.len(), 0..=LONGEST_LIST);
    for (i, route) in backend.routes.iter().enumerate() {
        let field = format!("/backend/routes/{i}");
        problems.length(format_args!("{field}/methods"), route.methods.len(), 1..=7);
        problems.text(format_args!("{field}/path"), &route.path, BACKEND_PATH);
        problems.texts(&format!("{field}/permissions"), &route.permissions, PERMISSION);
        if route.public && !route.permissions.is_empty() {
            let none = "expected none: a public route is open to people who hold no permission";
            problems.add(format_args!("{field}/permissions"), none);
        }
        if let Some(timeout) = route.timeout_ms {
            problems.number(format_args!("{field}/timeoutMs"), timeout, TIMEOUTS);
        }
        if let Some(cache) = &route.cache {
            keeping(&field, cache, problems);
        }
        for (j, method) in route.methods.iter().enumerate() {
            if route.methods.iter().take(j).any(|earlier| earlier == method) {
                let again = format_args!("expected each method only once, found {} again", method.as_str());
                problems.add(format_args!("{field}/methods/{j}"), again);
            }
        }
    }
    views::validate(&backend.views, problems);
}

/// How long an answer may be kept, in seconds: a day. What lives longer belongs in a file with a hash in its name.
const KEPT: std::ops::RangeInclusive<u32> = 0..=86_400;

/// How long a browser may go without asking, in seconds: whoever loses a permission keeps what is in their browser.
const IN_BROWSER: std::ops::RangeInclusive<u32> = 0..=300;

fn keeping(field: &str, cache: &RouteCache, problems: &mut Problems) {
    let times = [
        ("maxAgeSeconds", cache.max_age_seconds, KEPT),
        ("staleWhileRevalidateSeconds", cache.stale_while_revalidate_seconds, KEPT),
        ("staleIfErrorSeconds", cache.stale_if_error_seconds, KEPT),
        ("browserSeconds", cache.browser_seconds, IN_BROWSER),
    ];
    for (name, time, range) in times {
        if let Some(time) = time {
            problems.number(format_args!("{field}/cache/{name}"), time, range);
        }
    }
}
