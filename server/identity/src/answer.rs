//! What a provider's answer is, before anyone looks at what it says: JSON of bounded size, or an error.

use bytes::Bytes;
use http::{Response, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A sound answer is a few kilobytes.
const LARGEST: usize = 64 * 1024;

/// The body of a successful answer. Errors say what is wrong with it and nothing of what it holds.
pub(crate) fn json<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, Unreadable> {
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Unreadable::NotJson);
    }
    if response.body().len() > LARGEST {
        return Err(Unreadable::TooLarge);
    }
    serde_json::from_slice(response.body()).map_err(|_| Unreadable::Malformed)
}

/// Why a body cannot be read.
pub(crate) enum Unreadable {
    NotJson,
    TooLarge,
    Malformed,
}

impl Unreadable {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::NotJson => "it is not application/json",
            Self::TooLarge => "it is larger than 64 KiB",
            Self::Malformed => "it lacks what must be there",
        }
    }
}

/// What an answer without success means.
pub(crate) enum Failure {
    /// The provider is not well, or wants us to slow down. Worth another try.
    Unavailable(String),
    /// It refused with this code (RFC 6749, section 5.2).
    Refused(String),
    /// A gateway's page, a redirect: no word of the provider.
    Neither,
}

/// RFC 6749, section 5.2. The description is the provider's prose and stays out of our errors.
#[derive(Deserialize)]
struct ErrorBody {
    error: String,
}

/// Reads an answer that is no success.
pub(crate) fn failure(response: &Response<Bytes>) -> Failure {
    let status = response.status();
    if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS {
        return Failure::Unavailable(format!("it answered {}", status.as_u16()));
    }
    match serde_json::from_slice::<ErrorBody>(response.body()) {
        // Codes of RFC 6749, section 4.1.2.1, which providers use at other endpoints too: that is no refusal.
        Ok(body) if matches!(body.error.as_str(), "server_error" | "temporarily_unavailable") => {
            Failure::Unavailable(body.error)
        }
        Ok(body) if status.is_client_error() => Failure::Refused(error_code(&body.error)),
        _ => Failure::Neither,
    }
}

/// The code as it may appear in logs: short, and of the characters that codes are made of.
fn error_code(code: &str) -> String {
    code.chars()
        .filter(|character| character.is_ascii_alphanumeric() || "_-.:/".contains(*character))
        .take(64)
        .collect()
}
