use std::net::IpAddr;

use http::header::{
    AUTHORIZATION, CONNECTION, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRAILER, VIA,
};

use super::PublicOrigin;
use super::hop_by_hop::{Nominated, is_hop_by_hop, remove_nominated, remove_where};
use super::trailers::{announced, are_taken, passing};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What the proxy says to the upstream in its own name.
pub(crate) struct Injected<'a> {
    /// The upstream's own `Host`, whatever the client sent.
    pub(crate) host: &'a HeaderValue,
    /// The exchanged token; none on a public route.
    pub(crate) authorization: Option<&'a HeaderValue>,
    /// The client's address as the trusted hop knows it.
    pub(crate) client: IpAddr,
    /// The portal's public origin.
    pub(crate) origin: &'a PublicOrigin,
    /// This request's trace context (W3C Trace Context).
    pub(crate) traceparent: Option<&'a HeaderValue>,
}

/// Takes out of `headers` what a client has no business telling an upstream, then adds what the proxy says. Returns the
/// fields that the client nominated, for [`request_trailers`].
pub(crate) fn rewrite_request(headers: &mut HeaderMap, injected: &Injected<'_>) -> Nominated {
    let nominated = remove_nominated(headers);
    let takes_trailers = are_taken(headers);
    let trailer = announced(headers, |name| !is_refused(name.as_str()) && !nominated.has(name));
    remove_where(headers, is_refused);
    if takes_trailers {
        // Both concern this connection only: they are said anew (RFC 9110, section 10.1.4).
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    if let Some(trailer) = trailer {
        headers.insert(TRAILER, trailer);
    }
    headers.insert(HOST, injected.host.clone());
    headers.insert(FORWARDED, injected.origin.forwarded(injected.client));
    headers.insert(X_FORWARDED_FOR, injected.origin.forwarded_for(injected.client));
    headers.insert(X_FORWARDED_HOST, injected.origin.host().clone());
    headers.insert(X_FORWARDED_PROTO, injected.origin.proto().clone());
    headers.append(VIA, HeaderValue::from_static("1.1 portico"));
    if let Some(traceparent) = injected.traceparent {
        headers.insert(TRACEPARENT, traceparent.clone());
    }
    if let Some(authorization) = injected.authorization {
        headers.insert(AUTHORIZATION, authorization.clone());
    }
    nominated
}

/// What an upstream gets of a client's trailers; nothing where nothing is left of them.
pub(crate) fn request_trailers(trailers: HeaderMap, nominated: &Nominated) -> Option<HeaderMap> {
    // A checksum or a status may follow; what the portal says of a call is said by nobody else, and before it.
    passing(trailers, |name| {
        !is_refused(name.as_str()) && !is_injected(name.as_str()) && !nominated.has(name)
    })
}

/// Whether a field that the proxy writes differs from caller to caller, as the upstream sees it.
pub(crate) fn is_injected(name: &str) -> bool {
    matches!(name, "authorization" | "forwarded" | "x-forwarded-for" | "traceparent" | "tracestate")
}

/// Whether a field is the same for the upstream whoever calls: it never crosses, or the proxy always writes the same.
pub(crate) fn is_constant_upstream(name: &str) -> bool {
    !is_injected(name) && (is_refused(name) || name == "via")
}

/// Whether a client's field of this (lower case) name stays behind.
fn is_refused(name: &str) -> bool {
    // CGI-like upstreams read `x_user` as `x-user`; no field that browsers or remotes need contains an underscore.
    name.contains('_') || is_hop_by_hop(name) || is_ours(name) || is_dangerous(name) || is_identity(name)
}

/// Whether a field (lower case) is written by the proxy or by HTTP itself on every call, so that no credential can stand
/// in it.
pub(crate) fn belongs_to_the_proxy(name: &str) -> bool {
    let forwarding = matches!(name, "forwarded" | "via" | "traceparent") || name.starts_with("x-forwarded-");
    is_hop_by_hop(name) || forwarding || matches!(name, "host" | "content-length" | "expect")
}

/// Fields that the proxy writes itself, or that concern only the hop between browser and portal.
fn is_ours(name: &str) -> bool {
    match name {
        "host" | "authorization" | "cookie" | "cookie2" | "content-length" | "expect" | "forwarded" => true,
        // The call is the portal's, not the page's: an upstream must not take the browser's word for a same-origin
        // request, nor answer with CORS fields meant for the portal's origin.
        "origin" | "referer" | "proxy" | "traceparent" | "b3" => true,
        // Free-form context that upstreams act upon, set by whoever calls.
        "baggage" => true,
        _ => {
            name.starts_with("sec-")
                || name.starts_with("proxy-")
                || name.starts_with("access-control-request-")
                || name.starts_with("x-b3-")
                || name.starts_with("x-csrf")
                || name.starts_with("x-xsrf")
        }
    }
}

/// Fields with which an upstream, or something before it, can be led to serve another request than the authorised one.
fn is_dangerous(name: &str) -> bool {
    name.starts_with("x-http-method")
        || name.starts_with("x-method-override")
        || name.starts_with("x-original-")
        || name.starts_with("x-rewrite-")
        || name.starts_with("x-middleware-")
        || name == "service-worker"
        || name == "x-host"
        || name == "destination"
}

/// Fields in which proxies tell upstreams who is calling, and from where.
fn is_identity(name: &str) -> bool {
    const EXACT: [&str; 8] = [
        "client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
        "cdn-loop",
        "remote-user",
        "remote-addr",
        "from",
    ];
    const PREFIXES: [&str; 6] =
        ["remote-", "ssl-client", "cf-access-", "portico-", "tailscale-user", "on-behalf-of"];
    const AFTER_X: [&str; 38] = [
        "account",
        "access-token",
        "actor",
        "amzn-oidc",
        "auth",
        "client-",
        "cluster-client-ip",
        "consumer",
        "credential",
        "email",
        "endpoint-api-userinfo",
        "entitlement",
        "envoy-",
        "forward",
        "goog-",
        "group",
        "id-token",
        "identity",
        "jwt",
        "ms-client-principal",
        "ms-token",
        "org",
        "permission",
        "pomerium",
        "portico",
        "preferred-username",
        "principal",
        "real-ip",
        "remote",
        "role",
        "scope",
        "session",
        "spiffe",
        "ssl",
        "sub",
        "tenant",
        "token",
        "user",
    ];
    match name.strip_prefix("x-") {
        Some(rest) => AFTER_X.iter().any(|start| rest.starts_with(start)),
        None => EXACT.contains(&name) || PREFIXES.iter().any(|start| name.starts_with(start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_needs_to_ask_for_crosses() {
        let crossing = [
            "accept",
            "accept-encoding",
            "accept-language",
            "cache-control",
            "content-type",
            "content-encoding",
            "content-language",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "if-range",
            "last-event-id",
            "prefer",
            "range",
            "idempotency-key",
            "tracestate",
            "user-agent",
            "x-request-id",
            "x-requested-with",
        ];
        for name in crossing {
            assert!(!is_refused(name), "{name} was dropped");
        }
    }

    #[test]
    fn case_41_what_names_the_caller_stays_behind() {
        let refused = [
            "authorization",
            "cookie",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-client-cert",
            "x-forwarded-user",
            "x-real-ip",
            "x-user",
            "x_user",
            "x-user-id",
            "x-org-id",
            "x_org_id",
            "x-portico-org",
            "x_portico_org",
            "x-auth-request-email",
            "x-remote-user",
            "remote-user",
            "x-tenant-id",
            "x-roles",
            "x-http-method-override",
            "x-original-url",
            "x-amzn-oidc-identity",
            "x-goog-authenticated-user-email",
            "x-ms-client-principal",
            "sec-fetch-site",
            "proxy-authorization",
            "proxy",
            "x-csrf",
            "baggage",
        ];
        for name in refused {
            assert!(is_refused(name), "{name} crossed");
        }
    }
}
