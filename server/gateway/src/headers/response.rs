use http::HeaderMap;
use http::header::{HeaderValue, LINK, TRAILER};

use super::cache::keep_private;
use super::hop_by_hop::{Nominated, is_hop_by_hop, remove_nominated, remove_where};
use super::trailers::{announced, passing};

/// Takes out of an upstream's `headers` what must not reach the browser: whatever acts on the portal's origin, session,
/// caches or other requests. `personal` says that the answer was given to one session. Returns the fields that the upstream
/// nominated, for [`response_trailers`].
pub(crate) fn rewrite_response(headers: &mut HeaderMap, personal: bool) -> Nominated {
    let nominated = remove_nominated(headers);
    let trailer = announced(headers, |name| !is_refused(name.as_str()) && !nominated.has(name));
    remove_where(headers, is_refused);
    if let Some(trailer) = trailer {
        headers.insert(TRAILER, trailer);
    }
    remove_loading_links(headers);
    if personal {
        keep_private(headers);
    }
    nominated
}

/// What a browser gets of an upstream's trailers; nothing where nothing is left of them.
pub(crate) fn response_trailers(trailers: HeaderMap, nominated: &Nominated) -> Option<HeaderMap> {
    passing(trailers, |name| !is_refused(name.as_str()) && !nominated.has(name))
}

/// Whether an upstream's field of this (lower case) name stays behind.
fn is_refused(name: &str) -> bool {
    is_hop_by_hop(name) || is_about_the_origin(name) || is_about_the_server(name) || is_an_instruction(name)
}

/// Fields that a browser applies to the portal's origin as a whole, or that decide who may read the answer.
fn is_about_the_origin(name: &str) -> bool {
    match name {
        "set-cookie" | "set-cookie2" | "clear-site-data" | "service-worker-allowed" => true,
        "strict-transport-security"
        | "alt-svc"
        | "expect-ct"
        | "public-key-pins"
        | "origin-agent-cluster" => true,
        "referrer-policy" | "permissions-policy" | "feature-policy" | "document-policy" => true,
        "integrity-policy" | "integrity-policy-report-only" | "document-isolation-policy" => true,
        "x-frame-options" | "x-content-type-options" | "x-xss-protection" | "x-download-options" => true,
        "x-permitted-cross-domain-policies" | "x-dns-prefetch-control" | "timing-allow-origin" => true,
        "report-to" | "reporting-endpoints" | "nel" | "origin-trial" | "accept-ch" | "critical-ch" => true,
        "set-login" | "activate-storage-access" | "speculation-rules" | "supports-loading-mode" => true,
        "use-as-dictionary" | "observe-browsing-topics" => true,
        _ => {
            name.starts_with("access-control-")
                || name.starts_with("content-security-policy")
                || name.starts_with("cross-origin-")
                || name.starts_with("attribution-reporting-")
                || name.starts_with("sec-")
        }
    }
}

/// Fields that only tell what runs behind the proxy.
fn is_about_the_server(name: &str) -> bool {
    matches!(
        name,
        "server" | "via" | "x-powered-by" | "x-runtime" | "x-generator" | "x-backend-server" | "x-served-by"
    ) || name.starts_with("x-aspnet")
        || name.starts_with("x-envoy-")
}

/// Fields that make a browser, or a server in front of the portal, do something else than hand the answer over.
fn is_an_instruction(name: &str) -> bool {
    match name {
        // A challenge would open the browser's own password box; the answer to one is the portal's business.
        "www-authenticate" | "authentication-info" => true,
        // URLs of the upstream, which mean nothing to the browser. `Location` is rewritten apart.
        "refresh" | "content-location" => true,
        // Turns buffering off in an nginx before the portal, which streams want; its siblings fetch files.
        "x-accel-buffering" => false,
        "x-sendfile" | "x-lighttpd-send-file" | "x-reproxy-url" => true,
        _ => {
            name.starts_with("proxy-")
                || name.starts_with("x-accel-")
                || name.starts_with("x-portico-")
                || name.starts_with("x-forwarded")
        }
    }
}

/// `Link` names related pages (`rel="next"`), which passes, or makes the browser load and connect, which does not.
fn remove_loading_links(headers: &mut HeaderMap) {
    let loads = |value: &HeaderValue| {
        let text = value.as_bytes().to_ascii_lowercase();
        [
            &b"preload"[..],
            b"prefetch",
            b"prerender",
            b"preconnect",
            b"stylesheet",
            b"serviceworker",
            b"expect",
        ]
        .iter()
        .any(|word| text.windows(word.len()).any(|window| window == *word))
    };
    if headers.get_all(LINK).iter().any(loads) {
        headers.remove(LINK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        rewrite_response(&mut headers, true);
        headers
    }

    #[test]
    fn case_48_nothing_that_acts_on_the_origin_passes() {
        let refused = [
            "set-cookie",
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "content-security-policy",
            "content-security-policy-report-only",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "x-frame-options",
            "x-content-type-options",
            "strict-transport-security",
            "server",
            "x-powered-by",
            "alt-svc",
            "clear-site-data",
            "service-worker-allowed",
            "refresh",
            "www-authenticate",
            "x-accel-redirect",
            "x-sendfile",
            "report-to",
            "nel",
            "connection",
            "transfer-encoding",
            "keep-alive",
            "integrity-policy",
        ];
        for name in refused {
            assert!(!rewritten(&[(name, "x")]).contains_key(name), "{name} passed");
        }
    }

    #[test]
    fn what_describes_the_answer_passes() {
        for name in [
            "content-type",
            "content-length",
            "etag",
            "content-range",
            "vary",
            "x-total-count",
            "x-accel-buffering",
        ] {
            assert!(rewritten(&[(name, "x")]).contains_key(name), "{name} was dropped");
        }
    }

    #[test]
    fn links_between_pages_pass_and_links_that_load_do_not() {
        assert!(rewritten(&[("link", "</todos?page=2>; rel=\"next\"")]).contains_key("link"));
        assert!(!rewritten(&[("link", "</x.js>; rel=ModulePreload")]).contains_key("link"));
    }

    #[test]
    fn a_nominated_field_stays_behind() {
        let headers =
            rewritten(&[("connection", "close, X-Internal"), ("x-internal", "1"), ("x-other", "2")]);
        assert!(!headers.contains_key("x-internal") && headers.contains_key("x-other"));
    }
}
