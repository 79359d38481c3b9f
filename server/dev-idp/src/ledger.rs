use std::collections::VecDeque;
use std::fmt;

use parking_lot::Mutex;

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// For the relying party; may appear in the browser as `id_token_hint` only.
    Id,
    /// The subject token: for userinfo and for exchange.
    Access,
    /// An access token that was exchanged for this audience.
    Exchanged {
        /// The value of `aud`.
        audience: String,
    },
    /// A client's own token for this audience.
    Own {
        /// The value of `aud`.
        audience: String,
    },
    /// A refresh token.
    Refresh,
    /// A logout token (OpenID Connect Back-Channel Logout 1.0).
    Logout,
}

/// A token the provider handed out: what a test looks for where no token may be.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// What it is for.
    pub kind: TokenKind,
    /// The token itself.
    pub value: String,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("IssuedToken").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The most recent tokens, so that a long-lived provider does not grow without end.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<VecDeque<IssuedToken>>);

const REMEMBERED: usize = 10_000;

impl Ledger {
    pub(crate) fn record(&self, kind: TokenKind, value: &str) {
        let mut tokens = self.0.lock();
        if tokens.len() == REMEMBERED {
            tokens.pop_front();
        }
        tokens.push_back(IssuedToken { kind, value: value.to_owned() });
    }

    pub(crate) fn all(&self) -> Vec<IssuedToken> {
        self.0.lock().iter().cloned().collect()
    }
}
