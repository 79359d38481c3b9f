use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use smallvec::SmallVec;

use super::Limiter;
use crate::http::ApiError;

/// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11, section 3).
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// `RateLimit` (the same, section 4).
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What a client may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The name of the policy that counted.
    pub policy: &'static str,
    /// How many more requests it admits now.
    pub requests: u32,
    /// How long until it admits all of them.
    pub full_in: Duration,
}

impl Left {
    /// Of two policies that both count, the one that ends first.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        if other.requests < self.requests { other } else { self }
    }
}

/// A policy admits no more for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit by {policy} is reached")]
pub struct Exceeded {
    /// The name of the policy.
    pub policy: &'static str,
    /// How long until it admits one.
    pub next_in: Duration,
}

/// The policies that count at one kind of endpoint, as headers tell them.
#[derive(Clone, Debug)]
pub struct Policies(HeaderValue);

impl Policies {
    /// Those of `limiters`, written once.
    pub fn of(limiters: &[&Limiter]) -> Self {
        let item = |limiter: &&Limiter| {
            let quota = limiter.quota();
            format!("\"{}\";q={};w={}", limiter.name(), quota.amount, quota.window.as_secs())
        };
        let text = limiters.iter().map(item).collect::<Vec<_>>().join(", ");
        Self(HeaderValue::from_str(&text).expect("names and numbers make a valid header"))
    }

    /// Says in `headers` what the policies are and what is left.
    pub fn tell(&self, headers: &mut HeaderMap, left: Left) {
        self.write(headers, left.policy, left.requests, left.full_in);
    }

    /// 429, with when to come back.
    pub fn refuse(&self, exceeded: Exceeded) -> ApiError {
        let seconds = whole_seconds(exceeded.next_in).max(1);
        let mut headers = HeaderMap::with_capacity(3);
        self.write(&mut headers, exceeded.policy, 0, exceeded.next_in);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        let detail = format!("The limit by {} is reached. Wait {seconds} s and try again.", exceeded.policy);
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail)
            .headers(headers)
            .cause(exceeded)
    }

    fn write(&self, headers: &mut HeaderMap, policy: &str, requests: u32, time: Duration) {
        headers.insert(RATELIMIT_POLICY, self.0.clone());
        // On the stack and digit by digit, since every call through the proxy has one.
        let mut text = SmallVec::<[u8; 64]>::new();
        text.push(b'"');
        text.extend_from_slice(policy.as_bytes());
        text.extend_from_slice(b"\";r=");
        push_number(&mut text, requests.into());
        text.extend_from_slice(b";t=");
        push_number(&mut text, whole_seconds(time));
        if let Ok(value) = HeaderValue::from_bytes(&text) {
            headers.insert(RATELIMIT, value);
        }
    }
}

fn push_number(text: &mut SmallVec<[u8; 64]>, number: u64) {
    let (mut digits, mut from, mut rest) = ([b'0'; 20], 20, number);
    loop {
        from -= 1;
        digits[from] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[from..]);
}

/// Rounded up: who waits for so long has waited long enough.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Quota;

    fn policies() -> Policies {
        let session = Limiter::new("session", Quota::per_minute(1_200), None);
        let organization = Limiter::new("organization", Quota::per_minute(u32::MAX), None);
        Policies::of(&[&session, &organization])
    }

    #[test]
    fn the_headers_say_what_the_draft_says() {
        let mut headers = HeaderMap::new();
        let left = Left { policy: "session", requests: 1_199, full_in: Duration::from_millis(50) };
        let other = Left { policy: "organization", requests: 5_000, ..left };
        policies().tell(&mut headers, other.least(left));
        assert_eq!(headers[RATELIMIT_POLICY], "\"session\";q=1200;w=60, \"organization\";q=4294967295;w=60");
        assert_eq!(headers[RATELIMIT], "\"session\";r=1199;t=1");
    }

    #[test]
    fn numbers_of_any_length_are_written_out() {
        let mut headers = HeaderMap::new();
        let left = Left {
            policy: "organization",
            requests: u32::MAX,
            full_in: Duration::from_secs(u32::MAX.into()),
        };
        policies().tell(&mut headers, left);
        assert_eq!(headers[RATELIMIT], "\"organization\";r=4294967295;t=4294967295");
        policies().tell(&mut headers, Left { policy: "remote", requests: 0, full_in: Duration::ZERO });
        assert_eq!(headers[RATELIMIT], "\"remote\";r=0;t=0");
    }
}
