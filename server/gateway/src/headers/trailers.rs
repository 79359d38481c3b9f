//! Trailer fields (RFC 9110, section 6.5): what may follow a body, in either direction.

use http::header::{HeaderMap, HeaderName, HeaderValue, TE, TRAILER};

/// Trailer fields that pass at once, and their bytes, names included: more stay behind together, since a part of them may
/// say something else than all.
const MAX_FIELDS: usize = 32;
const MAX_BYTES: usize = 8 * 1024;

/// Whether the sender of `headers` takes trailers (section 10.1.4).
pub(super) fn are_taken(headers: &HeaderMap) -> bool {
    let mut codings =
        headers.get_all(TE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

/// The fields that `Trailer` announces and that `passes` lets through, as one value; none where nothing is left of them.
pub(super) fn announced(headers: &HeaderMap, passes: impl Fn(&HeaderName) -> bool) -> Option<HeaderValue> {
    if !headers.contains_key(TRAILER) {
        // As nearly always.
        return None;
    }
    let names =
        headers.get_all(TRAILER).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let names = names.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok());
    let names: Vec<HeaderName> =
        names.filter(|name| is_allowed(name.as_str()) && passes(name)).take(MAX_FIELDS).collect();
    let list = names.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(", ");
    HeaderValue::try_from(list).ok().filter(|list| !list.is_empty())
}

/// Of the fields that follow a body those that `passes` lets through; none where nothing is left of them, or they are too
/// many.
pub(super) fn passing(mut trailers: HeaderMap, passes: impl Fn(&HeaderName) -> bool) -> Option<HeaderMap> {
    let bytes: usize = trailers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if trailers.len() > MAX_FIELDS || bytes > MAX_BYTES {
        return None;
    }
    let refused = |name: &&HeaderName| !is_allowed(name.as_str()) || !passes(name);
    let refused: Vec<HeaderName> = trailers.keys().filter(refused).cloned().collect();
    for name in refused {
        trailers.remove(name);
    }
    (!trailers.is_empty()).then_some(trailers)
}

/// Whether a field (lower case) may come after the content: not where it frames, routes, modifies or authenticates the
/// message, or says how its content is to be read (section 6.5.1), since whoever acts on it has done so by then.
fn is_allowed(name: &str) -> bool {
    let is_framing = matches!(name, "content-length" | "transfer-encoding" | "trailer" | "te" | "connection");
    let is_routing = matches!(name, "host" | "forwarded" | "via" | "location" | "link" | "upgrade");
    let is_control = matches!(
        name,
        "cache-control"
            | "pragma"
            | "expires"
            | "age"
            | "date"
            | "vary"
            | "warning"
            | "retry-after"
            | "expect"
            | "max-forwards"
            | "range"
            | "prefer"
    ) || name.starts_with("if-")
        || name.starts_with("accept");
    let is_authentication = matches!(name, "authorization" | "cookie" | "set-cookie" | "www-authenticate")
        || name.starts_with("proxy-");
    let is_format = name.starts_with("content-");
    !(is_framing || is_routing || is_control || is_authentication || is_format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("fits"))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn what_frames_routes_authenticates_or_describes_a_message_never_follows_it() {
        for name in [
            "content-length",
            "transfer-encoding",
            "host",
            "authorization",
            "cookie",
            "set-cookie",
            "cache-control",
            "content-type",
            "content-encoding",
            "content-range",
            "trailer",
            "te",
            "connection",
            "proxy-authorization",
            "if-match",
            "location",
            "link",
            "vary",
        ] {
            assert_eq!(passing(map(&[(name, "x")]), |_| true), None, "{name} passed");
            assert_eq!(announced(&map(&[("trailer", name)]), |_| true), None, "{name} was announced");
        }
        for name in ["grpc-status", "server-timing", "x-checksum", "etag", "digest"] {
            assert!(
                passing(map(&[(name, "x"), ("host", "x")]), |_| true).is_some_and(|left| left.len() == 1)
            );
        }
    }

    #[test]
    fn too_many_or_too_large_ones_stay_behind_together() {
        let many: HeaderMap = (0..33)
            .map(|number| {
                let name = HeaderName::try_from(format!("x-{number}")).expect("a name");
                (name, HeaderValue::from_static("1"))
            })
            .collect();
        assert_eq!(passing(many, |_| true), None);
        let large = "x".repeat(5_000);
        assert!(passing(map(&[("x-a", &large)]), |_| true).is_some());
        assert_eq!(passing(map(&[("x-a", &large), ("x-b", &large)]), |_| true), None);
    }

    #[test]
    fn what_is_announced_is_one_list_of_what_passes() {
        let headers = map(&[("trailer", "Server-Timing, set-cookie,,X-Checksum, a b")]);
        assert_eq!(announced(&headers, |_| true).expect("some"), "server-timing, x-checksum");
        assert_eq!(announced(&headers, |name| name == "x-checksum").expect("one"), "x-checksum");
        assert!(
            are_taken(&map(&[("te", "gzip;q=0.5, Trailers")])) && !are_taken(&map(&[("te", "trailersx")]))
        );
    }
}
