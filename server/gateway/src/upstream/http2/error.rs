use h2::{Error, Reason};

/// What an error says of the request that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The upstream has not looked at it, and says so: it may be sent again, whatever it asks for (RFC 9113, section 8.7).
    Unprocessed {
        /// Whether the connection goes on for other streams.
        connection_ends: bool,
    },
    /// The connection broke, and every stream with it.
    ConnectionBroke,
    /// The stream broke.
    StreamBroke,
}

impl Meaning {
    pub(super) fn of(error: &Error) -> Self {
        if error.is_go_away() && error.is_remote() {
            // Only streams above the last one that the upstream looked at, or none yet, end by it.
            return Self::Unprocessed { connection_ends: true };
        }
        if error.is_reset() {
            return match error.reason() {
                Some(Reason::REFUSED_STREAM | Reason::HTTP_1_1_REQUIRED) if error.is_remote() => {
                    Self::Unprocessed { connection_ends: false }
                }
                _ => Self::StreamBroke,
            };
        }
        Self::ConnectionBroke
    }
}

/// Whether an upstream that has answered in full only says that it wants no more of the request (RFC 9113, section 8.1).
pub(super) fn wants_no_more(error: &Error) -> bool {
    error.is_reset() && error.is_remote() && error.reason() == Some(Reason::NO_ERROR)
}
