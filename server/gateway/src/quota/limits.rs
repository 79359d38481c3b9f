use std::net::IpAddr;
use std::time::Duration;

use http::StatusCode;
use thiserror::Error;

/// What one remote may use. Nothing is limited unless it is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Calls under way, of everybody.
    pub concurrent: Option<u32>,
    /// Calls under way of one session, or of one address where there is none.
    pub concurrent_per_session: Option<u32>,
    /// Bytes of bodies in both directions within a minute. A call that has begun is not cut for it: the next ones wait.
    pub bytes_per_minute: Option<u64>,
    /// How long a call may take from its beginning to the last byte of its answer; event streams may take longer.
    pub answer_time: Option<Duration>,
    /// How long an answer may be, in bytes; event streams may be longer.
    pub answer_bytes: Option<u64>,
}

/// Whose calls are counted together: a session's, or those from one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CallerKey([u8; 16]);

impl CallerKey {
    /// A session, by 16 bytes that no other has.
    pub fn session(id: [u8; 16]) -> Self {
        Self(id)
    }

    /// In which of so many parts it is counted.
    pub(super) fn part(self, parts: usize) -> usize {
        usize::from(self.0[0] ^ self.0[7] ^ self.0[15]) % parts
    }

    /// Everyone at this address.
    pub fn address(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        })
    }
}

/// Which of a remote's quotas a call exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QuotaExceeded {
    /// [`Quota::concurrent`].
    #[error("the remote has {0} calls under way, which is all it may have")]
    Concurrent(u32),
    /// [`Quota::concurrent_per_session`].
    #[error("the session has {0} calls to the remote under way, which is all it may have")]
    ConcurrentPerSession(u32),
    /// [`Quota::bytes_per_minute`]; the time says when there is room again.
    #[error("the remote has used up its {0} bytes per minute")]
    BytesPerMinute(u64, Duration),
    /// [`Quota::answer_time`].
    #[error("the call took longer than {0:?}")]
    AnswerTime(Duration),
    /// [`Quota::answer_bytes`].
    #[error("the answer is longer than {0} bytes")]
    AnswerBytes(u64),
}

/// Every quota's name, as [`QuotaExceeded::slug`] says it.
pub(super) const QUOTAS: [&str; 5] = [
    "quota-concurrent",
    "quota-concurrent-per-session",
    "quota-bytes-per-minute",
    "quota-answer-seconds",
    "quota-answer-bytes",
];

impl QuotaExceeded {
    /// The HTTP status that it becomes where no answer has begun.
    pub fn status(self) -> StatusCode {
        match self {
            // The caller's own doing, and theirs to wait for.
            Self::ConcurrentPerSession(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Concurrent(_) | Self::BytesPerMinute(..) => StatusCode::SERVICE_UNAVAILABLE,
            Self::AnswerTime(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::AnswerBytes(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// The last part of the problem's `type`: the quota's name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Concurrent(_) => "quota-concurrent",
            Self::ConcurrentPerSession(_) => "quota-concurrent-per-session",
            Self::BytesPerMinute(..) => "quota-bytes-per-minute",
            Self::AnswerTime(_) => "quota-answer-seconds",
            Self::AnswerBytes(_) => "quota-answer-bytes",
        }
    }

    /// What the caller is told.
    pub fn detail(self) -> String {
        match self {
            Self::Concurrent(most) => {
                format!("This remote has {most} calls under way, which is its quota. Try again in a moment.")
            }
            Self::ConcurrentPerSession(most) => {
                format!(
                    "You have {most} calls to this remote under way, which is the quota. Wait for one to end."
                )
            }
            Self::BytesPerMinute(most, _) => {
                format!("This remote has used up its quota of {most} bytes per minute. Try again later.")
            }
            Self::AnswerTime(most) => {
                format!("The call was ended after {} s, which is this remote's quota.", most.as_secs_f64())
            }
            Self::AnswerBytes(most) => {
                format!("The answer is longer than {most} bytes, which is this remote's quota.")
            }
        }
    }

    /// When to come back, where that helps.
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Concurrent(_) | Self::ConcurrentPerSession(_) => Some(Duration::from_secs(1)),
            Self::BytesPerMinute(_, until) => Some(until),
            Self::AnswerTime(_) | Self::AnswerBytes(_) => None,
        }
    }
}
