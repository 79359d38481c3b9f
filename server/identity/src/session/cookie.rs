use std::str::FromStr;

use thiserror::Error;

use super::SessionId;

/// The one credential in the browser. The `__Host-` prefix (RFC 6265bis, section 4.1.3.2) makes the browser refuse it
/// with a Domain, without Secure, or with another Path.
pub const COOKIE_NAME: &str = "__Host-portico";

/// Why a request's cookies name no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CookieError {
    /// The cookie is not there.
    #[error("there is no session cookie")]
    Absent,
    /// It is there twice: which one is meant cannot be told, so neither is.
    #[error("the session cookie was sent more than once")]
    Doubled,
    /// It is not an id of ours.
    #[error("the session cookie is malformed")]
    Malformed,
}

/// The session id in a request's `Cookie` headers (RFC 6265, section 4.2).
pub fn read_cookie<'a>(headers: impl Iterator<Item = &'a [u8]>) -> Result<SessionId, CookieError> {
    let mut found = None;
    for header in headers {
        for pair in header.split(|byte| *byte == b';') {
            let Some(value) = pair.trim_ascii().strip_prefix(COOKIE_NAME.as_bytes()) else { continue };
            let Some(value) = value.strip_prefix(b"=") else { continue };
            if found.replace(value).is_some() {
                return Err(CookieError::Doubled);
            }
        }
    }
    let value = found.ok_or(CookieError::Absent)?;
    let text = std::str::from_utf8(value).map_err(|_| CookieError::Malformed)?;
    // Exactly 22 characters: the decoder's buffer holds sixteen bytes and it refuses everything longer.
    if text.len() != 22 {
        return Err(CookieError::Malformed);
    }
    SessionId::from_str(text).map_err(|_| CookieError::Malformed)
}

/// `Set-Cookie` for a session that ends at the latest in `max_age_seconds`.
pub fn set_cookie(id: &SessionId, max_age_seconds: i64) -> String {
    format!("{COOKIE_NAME}={id}; Path=/; Max-Age={max_age_seconds}; Secure; HttpOnly; SameSite=Lax")
}

/// `Set-Cookie` that removes it. The same attributes again: a browser ignores a `__Host-` removal without Secure.
pub fn clear_cookie() -> String {
    format!("{COOKIE_NAME}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cookies: &[&str]) -> Result<SessionId, CookieError> {
        read_cookie(cookies.iter().map(|cookie| cookie.as_bytes()))
    }

    #[test]
    fn the_id_is_read_among_other_cookies() {
        let id = SessionId(42);
        let header = format!("theme=dark; {COOKIE_NAME}={id}; a=b");
        assert_eq!(read(&[&header]), Ok(id));
        assert_eq!(read(&["a=b", &header]), Ok(id), "HTTP/2 may split the header");
    }

    #[test]
    fn case_23_malformed_doubled_and_foreign_cookies_name_no_session() {
        let id = SessionId(7);
        assert_eq!(read(&[]), Err(CookieError::Absent));
        assert_eq!(read(&["__Host-porticox=1"]), Err(CookieError::Absent));
        assert_eq!(read(&[&format!("{COOKIE_NAME}={id}; {COOKIE_NAME}={id}")]), Err(CookieError::Doubled));
        for malformed in
            ["", "short", &"A".repeat(5000), "%%%%%%%%%%%%%%%%%%%%%%", "AAAAAAAAAAAAAAAAAAAAA\u{e9}"]
        {
            assert_eq!(
                read(&[&format!("{COOKIE_NAME}={malformed}")]),
                Err(CookieError::Malformed),
                "{malformed:.30}"
            );
        }
    }

    #[test]
    fn case_14_cookie_and_removal_carry_every_attribute_of_the_host_prefix() {
        for cookie in [set_cookie(&SessionId(1), 60), clear_cookie()] {
            for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
                assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
            }
            assert!(!cookie.contains("Domain"));
        }
    }
}
