use std::fmt;
use std::sync::OnceLock;

use http::HeaderValue;
use zeroize::Zeroizing;

/// An access token (RFC 6750). `Debug` shows none of it, and its memory is wiped when it is dropped; that of a header made
/// of it is not.
#[derive(Clone)]
pub struct BearerToken {
    secret: Zeroizing<String>,
    /// Made at the first call, and shared by all others.
    authorization: OnceLock<HeaderValue>,
}

impl PartialEq for BearerToken {
    fn eq(&self, other: &Self) -> bool {
        self.secret == other.secret
    }
}

impl Eq for BearerToken {}

impl BearerToken {
    /// The token, where `text` can be one: RFC 6750's characters, so that it is always a valid header value.
    pub(crate) fn parse(text: String) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let fits = (1..=LONGEST).contains(&text.len());
        (fits && text.bytes().all(allowed))
            .then(|| Self { secret: Zeroizing::new(text), authorization: OnceLock::new() })
    }

    /// The token itself, for the `Authorization` header of the one request it is meant for.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The token as an `Authorization` value (RFC 6750, section 2.1), marked as sensitive.
    pub fn authorization(&self) -> HeaderValue {
        let made = self.authorization.get_or_init(|| {
            // Its characters were checked: they fit.
            let value = HeaderValue::from_str(&format!("Bearer {}", self.secret()));
            let mut value = value.unwrap_or_else(|_| HeaderValue::from_static(""));
            value.set_sensitive(true);
            value
        });
        made.clone()
    }
}

/// In bytes: what servers take as one header.
const LONGEST: usize = 8 * 1024;

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BearerToken(redacted)")
    }
}
