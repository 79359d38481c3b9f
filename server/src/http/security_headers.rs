//! Headers that every response carries, errors too.

use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

use super::csp;
use crate::state::Portal;

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// What stands in every answer.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (COOP, HeaderValue::from_static("same-origin")),
    (CORP, HeaderValue::from_static("same-origin")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        PERMISSIONS_POLICY,
        HeaderValue::from_static(
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        ),
    ),
    // `no-referrer` would make a form POST carry `Origin: null`.
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
const NOTHING: HeaderValue = HeaderValue::from_static(csp::NOTHING);

/// Adds them to an answer. A page has set its own content security policy by then; everything else
/// gets the strictest, but for the development IdP, whose pages have rules of their own.
pub fn add(headers: &mut HeaderMap, portal: &Portal, is_dev_idp: bool) {
    headers.reserve(ALWAYS.len() + 4);
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    if portal.origin.starts_with("https:") && !portal.config.is_development() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if !is_dev_idp {
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    }
}

/// Whether `path` is one of the development IdP's pages.
pub fn is_dev_idp(path: &str) -> bool {
    path.starts_with("/dev/idp")
}
