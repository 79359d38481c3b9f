use std::time::Duration;

use thiserror::Error;

use crate::address::AddressRefused;
use crate::upstream::{DialError, ExchangeError};

/// Why an upstream gave no usable answer. The words are for the log: they name addresses.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ForwardError {
    /// No connection.
    #[error("no connection to the upstream: {0}")]
    Unreachable(String),
    /// The upstream's address is outside what the operator allows.
    #[error("the upstream's address is refused: {0}")]
    AddressRefused(AddressRefused),
    /// The upstream's certificate is not accepted.
    #[error("the upstream's certificate is not accepted: {0}")]
    Untrusted(String),
    /// The connection broke before the answer began. The request may have arrived.
    #[error("the upstream closed the connection before it answered: {0}")]
    Reset(ExchangeError),
    /// The same, where the connection broke under several calls: one of them is the failure, the others only share it.
    #[error("the upstream closed the connection before it answered: {0}")]
    ResetTogether(ExchangeError),
    /// The upstream said that it has not looked at the request (RFC 9113, section 8.7).
    #[error("the upstream did not take the request: {error}")]
    Unprocessed {
        /// How it said so.
        error: ExchangeError,
        /// Whether it has too much to do, rather than going away.
        refused: bool,
    },
    /// What came was no HTTP answer, or one with too much in its head.
    #[error("the upstream's answer is not usable: {0}")]
    BadAnswer(String),
    /// The answer did not begin in time.
    #[error("the upstream did not answer within {0} ms")]
    Timeout(u128),
    /// The caller's own body stopped arriving while the upstream waited for it.
    #[error("the caller's body did not arrive in time")]
    CallerSlow,
    /// So many calls failed that none is made for a while. Nothing was sent.
    #[error("the upstream keeps failing: its breaker is open for another {0:?}")]
    Open(Duration),
    /// As many calls are under way as the upstream can take. Nothing was sent.
    #[error("the upstream has as many calls under way as it can take")]
    Full,
    /// The caller's own body broke off while it was sent.
    #[error("the caller's body broke off: {0}")]
    CallerGone(ExchangeError),
    /// A redirect to somewhere that is not the upstream.
    #[error("the upstream redirects to somewhere else")]
    ForeignRedirect,
    /// The upstream refuses a newly exchanged token, or one for a request that cannot be sent twice.
    #[error("the upstream refuses the token")]
    TokenRejected,
}

impl ForwardError {
    /// The last part of the problem's `type` (RFC 9457), and what metrics call it.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "upstream-unreachable",
            Self::AddressRefused(_) => "upstream-refused",
            Self::Untrusted(_) => "upstream-untrusted",
            Self::Reset(_) | Self::ResetTogether(_) => "upstream-reset",
            Self::Unprocessed { .. } => "upstream-unprocessed",
            Self::BadAnswer(_) => "upstream-answer",
            Self::Timeout(_) => "upstream-timeout",
            Self::Open(_) => "upstream-unavailable",
            Self::Full => "upstream-busy",
            Self::CallerGone(_) | Self::CallerSlow => "body-incomplete",
            Self::ForeignRedirect => "upstream-redirect",
            Self::TokenRejected => "upstream-token",
        }
    }

    /// Whether the upstream failed, rather than the caller or a rule: what an older answer may stand in for (RFC 5861,
    /// section 4).
    pub(crate) fn is_outage(&self) -> bool {
        use ForwardError as E;
        matches!(
            self,
            E::Unreachable(_)
                | E::Reset(_)
                | E::ResetTogether(_)
                | E::Unprocessed { .. }
                | E::BadAnswer(_)
                | E::Timeout(_)
                | E::Open(_)
                | E::Full
        )
    }

    /// Whether the upstream has not looked at the request, so that it may be sent again whatever it asks for.
    pub(super) fn is_unprocessed(&self) -> bool {
        matches!(self, Self::Unprocessed { .. })
    }

    /// Whether the endpoint would take the request over HTTP/1.1.
    pub(super) fn wants_http1(&self) -> bool {
        matches!(self, Self::Unprocessed { error, .. } if error.wants_http1())
    }

    /// Whether another attempt may succeed where this one failed.
    pub(super) fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Reset(_) | Self::ResetTogether(_) | Self::Unprocessed { .. }
        )
    }
}

impl From<DialError> for ForwardError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Refused(refused) => Self::AddressRefused(refused),
            DialError::Untrusted { .. } => Self::Untrusted(error.to_string()),
            DialError::Unresolved { .. } | DialError::Unreachable { .. } | DialError::Protocol { .. } => {
                Self::Unreachable(error.to_string())
            }
        }
    }
}

impl From<ExchangeError> for ForwardError {
    fn from(error: ExchangeError) -> Self {
        if error.is_malformed() {
            Self::BadAnswer(error.to_string())
        } else if error.is_callers() {
            Self::CallerGone(error)
        } else {
            Self::Reset(error)
        }
    }
}
