use std::fmt;

use zeroize::Zeroizing;

/// An access token (RFC 6750). `Debug` shows none of it, and its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(Zeroizing<String>);

impl BearerToken {
    /// The token, where `text` can be one: RFC 6750's characters, so that it is always a valid header value.
    pub(crate) fn parse(text: String) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let fits = (1..=LONGEST).contains(&text.len());
        (fits && text.bytes().all(allowed)).then(|| Self(Zeroizing::new(text)))
    }

    /// The token itself, for the `Authorization` header of the one request it is meant for.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

/// In bytes: what servers take as one header.
const LONGEST: usize = 8 * 1024;

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BearerToken(redacted)")
    }
}
