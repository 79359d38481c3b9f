//! What a request says its body is.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

/// Whether the body is said to be JSON (RFC 9110, section 8.3: the type's case does not matter, parameters may follow).
pub fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|kind| kind.as_bytes().split(|byte| *byte == b';').next());
    named.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"application/json"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_json_itself_is_json() {
        let says = |kind: &'static str| {
            is_json(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]))
        };
        assert!(says("application/json") && says("Application/JSON ; charset=utf-8"));
        assert!(!says("application/jsonp") && !says("text/plain;application/json") && !says(""));
        assert!(!is_json(&HeaderMap::new()));
    }
}
