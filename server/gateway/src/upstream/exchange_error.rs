use thiserror::Error;

use crate::body::BoxError;

/// What broke an exchange with an upstream, in its protocol's words.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// Over HTTP/1.1.
    #[error(transparent)]
    Http1(#[from] hyper::Error),
    /// Over HTTP/2.
    #[error(transparent)]
    Http2(#[from] h2::Error),
    /// The caller's own body broke off while it was sent over HTTP/2.
    #[error("{0}")]
    Caller(#[source] BoxError),
}

impl ExchangeError {
    /// Whether the caller is at fault.
    pub(crate) fn is_callers(&self) -> bool {
        match self {
            // The only thing of ours that hyper can fail on is the body that the caller sends.
            Self::Http1(error) => error.is_user(),
            Self::Http2(_) => false,
            Self::Caller(_) => true,
        }
    }

    /// Whether the upstream wants HTTP/1.1 instead (`HTTP_1_1_REQUIRED`; RFC 9113, section 7).
    pub(crate) fn wants_http1(&self) -> bool {
        let wanted = Some(h2::Reason::HTTP_1_1_REQUIRED);
        matches!(self, Self::Http2(error) if error.is_remote() && error.reason() == wanted)
    }

    /// Whether what came was not what the protocol allows.
    pub(crate) fn is_malformed(&self) -> bool {
        match self {
            Self::Http1(error) => error.is_parse(),
            // What the codec itself ends, it ends for that.
            Self::Http2(error) => error.is_library(),
            Self::Caller(_) => false,
        }
    }
}
