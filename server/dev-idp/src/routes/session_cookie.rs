use axum::http::{HeaderMap, HeaderValue, header};

use crate::idp::DevIdp;
use crate::secret::fingerprint;
use crate::store::Session;

/// The cookie of a sign-in at the provider; its path is the issuer's.
pub const SESSION_COOKIE: &str = "portico-dev-idp";

/// The cookie's value and the sign-in it stands for.
pub(crate) fn session(idp: &DevIdp, headers: &HeaderMap) -> Option<(String, Session)> {
    let now = idp.now();
    let store = idp.store.lock();
    // Cookies ignore ports, so another provider on this host may have set one of the same name: try each.
    cookies(headers).find_map(|value| {
        let session = store.sessions.get(now, &fingerprint(value))?.clone();
        Some((value.to_owned(), session))
    })
}

/// Sets the cookie to `value` until the browser closes.
pub(crate) fn set(idp: &DevIdp, value: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{SESSION_COOKIE}={value}; {}", attributes(idp))).ok()
}

/// Makes the browser forget the cookie.
pub(crate) fn remove(idp: &DevIdp) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{SESSION_COOKIE}=; Max-Age=0; {}", attributes(idp))).ok()
}

fn attributes(idp: &DevIdp) -> String {
    let path = match idp.path("") {
        path if path.is_empty() => "/".to_owned(),
        path => path,
    };
    let secure = if idp.config.issuer.scheme() == "https" { "; Secure" } else { "" };
    format!("Path={path}; HttpOnly; SameSite=Lax{secure}")
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, value)| value)
}
