//! What the provider remembers: sign-ins, codes, grants and the ids of access tokens.

mod expiring;
mod grant;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub(crate) use self::expiring::Expiring;
use self::expiring::Kept;
use self::grant::KeptGrants;
pub(crate) use self::grant::{Grant, Grants, RefreshError};

/// Everything that changes, under one lock, so that a code or a refresh token is redeemed once.
#[derive(Default)]
pub(crate) struct Store {
    /// By the fingerprint of the cookie's value.
    pub(crate) sessions: Expiring<Session>,
    pub(crate) codes: Expiring<Code>,
    pub(crate) grants: Grants,
    touched: bool,
}

/// What is kept of it across restarts. Codes are not: nobody waits for one for longer than a minute.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptStore {
    sessions: Vec<Kept<Session>>,
    grants: KeptGrants,
}

impl Store {
    /// Whether anything that is kept may have changed since this was asked last.
    pub(crate) fn take_changed(&mut self) -> bool {
        let touched = std::mem::take(&mut self.touched);
        let changed = [touched, self.sessions.take_changed(), self.grants.take_changed()];
        changed.contains(&true)
    }

    /// Has it count as changed.
    pub(crate) fn touch(&mut self) {
        self.touched = true;
    }

    /// What is kept: at most `limit` of each kind.
    pub(crate) fn kept(&self, now: OffsetDateTime, limit: usize) -> KeptStore {
        KeptStore { sessions: self.sessions.kept(now, limit, |_| true), grants: self.grants.kept(now, limit) }
    }

    /// Takes up what was kept.
    pub(crate) fn restore(&mut self, now: OffsetDateTime, kept: KeptStore) {
        self.sessions.restore(now, kept.sessions);
        self.grants.restore(now, kept.grants);
    }
}

/// A sign-in at the provider, found by the value of its cookie.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) sid: String,
    pub(crate) sub: String,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) auth_time: OffsetDateTime,
    /// The clients that got a code in it, and are told when it ends.
    pub(crate) clients: BTreeSet<String>,
}

/// An authorization code and what it was issued for (RFC 6749, section 4.1.2).
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) grant: Grant,
    /// Set once redeemed; the code is kept so that a second use can be noticed.
    pub(crate) redeemed_as: Option<String>,
}
