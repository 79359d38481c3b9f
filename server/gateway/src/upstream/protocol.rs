use std::sync::atomic::{AtomicU8, Ordering};

/// Which version of HTTP an upstream is spoken to in. The operator's, never the manifest's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpstreamProtocol {
    /// Over TLS, HTTP/2 where the upstream chooses it (ALPN, RFC 7301), or else HTTP/1.1; without TLS, HTTP/1.1.
    #[default]
    Negotiated,
    /// HTTP/1.1 and nothing else.
    Http1,
    /// HTTP/2 and nothing else; without TLS by prior knowledge (RFC 9113, section 3.3).
    Http2,
}

/// What a connection is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Calls.
    Calls,
    /// A switch of protocols, which only HTTP/1.1 has (RFC 9113, section 8.6).
    Switch,
}

/// What an endpoint's calls are made in, as the last connection has shown.
#[derive(Debug)]
pub(super) struct KnownProtocol(AtomicU8);

impl KnownProtocol {
    const UNKNOWN: u8 = 0;
    const HTTP_1: u8 = 1;
    const HTTP_2: u8 = 2;
    /// As the upstream has said, whatever it agrees on when it is asked.
    const HTTP_1_ALONE: u8 = 3;

    /// Known before anything was dialed, or not.
    pub(super) fn new(is_http2: Option<bool>) -> Self {
        let this = Self(AtomicU8::new(Self::UNKNOWN));
        if let Some(is_http2) = is_http2 {
            this.learn(is_http2);
        }
        this
    }

    pub(super) fn learn(&self, is_http2: bool) {
        let shown = if is_http2 { Self::HTTP_2 } else { Self::HTTP_1 };
        let learned = |known| if known == Self::HTTP_1_ALONE { known } else { shown };
        self.0.update(Ordering::Relaxed, Ordering::Relaxed, learned);
    }

    /// Stays with HTTP/1.1 from now on.
    pub(super) fn turn_to_http1(&self) {
        self.0.store(Self::HTTP_1_ALONE, Ordering::Relaxed);
    }

    /// As the semantic conventions' `network.protocol.version` names it.
    pub(super) fn version(&self) -> Option<&'static str> {
        match self.0.load(Ordering::Relaxed) {
            Self::HTTP_1 | Self::HTTP_1_ALONE => Some("1.1"),
            Self::HTTP_2 => Some("2"),
            _ => None,
        }
    }

    pub(super) fn is_http1(&self) -> bool {
        matches!(self.0.load(Ordering::Relaxed), Self::HTTP_1 | Self::HTTP_1_ALONE)
    }

    /// Whether nothing else may be offered.
    pub(super) fn is_http1_alone(&self) -> bool {
        self.0.load(Ordering::Relaxed) == Self::HTTP_1_ALONE
    }

    pub(super) fn is_http2(&self) -> bool {
        self.0.load(Ordering::Relaxed) == Self::HTTP_2
    }
}
