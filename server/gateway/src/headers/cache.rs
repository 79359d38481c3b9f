use http::HeaderMap;
use http::header::{CACHE_CONTROL, EXPIRES, HeaderValue, PRAGMA};

/// Makes an answer that was given to one session unusable to any other (RFC 9111, section 5.2.2).
///
/// The URL is the same for every organization, so neither a cache on the way nor the browser's own may answer from it
/// after a switch without asking again: `no-cache` keeps validation by `ETag`, and the portal then asks with the
/// session's token of that moment.
pub(super) fn keep_private(headers: &mut HeaderMap) {
    let stored = !headers
        .get_all(CACHE_CONTROL)
        .iter()
        .any(|value| value.as_bytes().to_ascii_lowercase().windows(8).any(|window| window == b"no-store"));
    headers.remove(EXPIRES);
    headers.remove(PRAGMA);
    let directive = if stored { "private, no-cache" } else { "private, no-store" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(directive));
}
