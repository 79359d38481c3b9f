//! What the provider remembers, in memory: sign-ins, codes, grants and the ids of access tokens.

mod expiring;
mod grant;

pub(crate) use expiring::Expiring;
pub(crate) use grant::{Grant, Grants, RefreshError};
use time::OffsetDateTime;

use std::collections::BTreeSet;

/// Everything that changes, under one lock, so that a code or a refresh token is redeemed once.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) sessions: Expiring<Session>,
    pub(crate) codes: Expiring<Code>,
    pub(crate) grants: Grants,
}

/// A sign-in at the provider, found by the value of its cookie.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) sid: String,
    pub(crate) sub: String,
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
