use super::super::rules::{AUDIENCE, BACKEND_PATH, BACKEND_URL, PERMISSION, SCOPE, path_parameters};
use super::super::{Backend, BackendRoute, RouteCache, RouteCondition};
use super::{LONGEST_LIST, Problems, quoted, views};

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
        conditions(&field, route, problems);
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

/// What an attribute of a call is called.
const ATTRIBUTE: &str =
    "`organization`, `subject`, `path.<parameter>`, `query.<parameter>` or `claims.<claim>`";

/// More conditions than that are a policy, and belong to the operator's.
const MOST_CONDITIONS: usize = 16;

/// The longest text that an attribute is compared with.
const LONGEST_TEXT: usize = 256;

fn conditions(route_field: &str, route: &BackendRoute, problems: &mut Problems) {
    problems.length(format_args!("{route_field}/conditions"), route.conditions.len(), 0..=MOST_CONDITIONS);
    for (i, condition) in route.conditions.iter().enumerate() {
        let field = format!("{route_field}/conditions/{i}");
        attribute(&format!("{field}/attribute"), &condition.attribute, route, problems);
        if let Some(other) = &condition.equals_attribute {
            attribute(&format!("{field}/equalsAttribute"), other, route, problems);
        }
        if let Some(text) = &condition.equals {
            compared(&format!("{field}/equals"), text, problems);
        }
        if let Some(texts) = &condition.one_of {
            problems.length(format_args!("{field}/oneOf"), texts.len(), 1..=LONGEST_LIST);
            for (j, text) in texts.iter().enumerate() {
                compared(&format!("{field}/oneOf/{j}"), text, problems);
            }
        }
        let RouteCondition { equals, one_of, equals_attribute, .. } = condition;
        let given = [equals.is_some(), one_of.is_some(), equals_attribute.is_some()];
        if given.iter().filter(|given| **given).count() != 1 {
            problems.add(field, "expected exactly one of `equals`, `oneOf` and `equalsAttribute`");
        }
    }
}

fn attribute(field: &str, name: &str, route: &BackendRoute, problems: &mut Problems) {
    let plain: fn(u8) -> bool = |b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let of_claim: fn(u8) -> bool =
        |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'/' | b'.');
    let named =
        |name: &str, allowed: fn(u8) -> bool| (1..=128).contains(&name.len()) && name.bytes().all(allowed);
    let is_attribute = match name.split_once('.') {
        None => name == "organization" || name == "subject",
        Some(("path" | "query", name)) => named(name, plain),
        Some(("claims", name)) => named(name, of_claim),
        Some(_) => false,
    };
    if !is_attribute {
        problems.add(field, format_args!("expected {ATTRIBUTE}, found {}", quoted(name)));
    } else if let Some(parameter) = name.strip_prefix("path.")
        && !path_parameters(&route.path).any(|declared| declared == parameter)
    {
        let missing =
            format_args!("expected a placeholder of the route's path, which has no {{{parameter}}}");
        problems.add(field, missing);
    }
}

/// An empty text would be a condition that never holds, since an empty attribute counts as missing.
fn compared(field: &str, text: &str, problems: &mut Problems) {
    if text.is_empty() || text.len() > LONGEST_TEXT {
        problems
            .add(field, format_args!("expected a text of 1 to {LONGEST_TEXT} bytes, found {}", quoted(text)));
    }
}
