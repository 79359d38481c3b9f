use portico_ports::{Random, token};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;

use super::Expiring;
use super::expiring::Kept;
use crate::scope::Scope;
use crate::secret::fingerprint;

/// What one login allowed one client: every token that comes from it dies with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    /// The person, or the client itself.
    pub(crate) sub: String,
    /// Empty for a client's own.
    pub(crate) org_id: String,
    pub(crate) scope: Scope,
    /// Empty for a client's own, which no login is behind.
    pub(crate) sid: String,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) auth_time: OffsetDateTime,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) expires_at: OffsetDateTime,
}

impl Grant {
    /// Whether a person signed in for it.
    pub(crate) fn is_of_a_login(&self) -> bool {
        !self.sid.is_empty()
    }
}

/// Grants with their refresh tokens and the ids of their access tokens.
#[derive(Default)]
pub(crate) struct Grants {
    live: Expiring<(String, Grant)>,
    /// By fingerprint.
    refresh_tokens: Expiring<RefreshToken>,
    /// From `jti` to the grant's id.
    access_tokens: Expiring<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct RefreshToken {
    grant_id: String,
    used: bool,
}

/// Grants as they are kept across restarts.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptGrants {
    live: Vec<Kept<(String, Grant)>>,
    refresh_tokens: Vec<Kept<RefreshToken>>,
    access_tokens: Vec<Kept<String>>,
}

/// Why a refresh token bought nothing.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum RefreshError {
    /// Never issued, expired, revoked, or another client's.
    #[error("the refresh token is not valid")]
    Unknown,
    /// Issued and already used: the whole family has been revoked (RFC 9700, section 4.14.2).
    #[error("the refresh token was used before")]
    Reused,
}

impl Grants {
    pub(crate) fn add(&mut self, now: OffsetDateTime, id: String, grant: Grant) {
        self.live.insert(now, id.clone(), grant.expires_at, (id, grant));
    }

    pub(crate) fn new_refresh_token(
        &mut self,
        now: OffsetDateTime,
        random: &dyn Random,
        id: &str,
    ) -> Option<String> {
        let expires_at = self.live.get(now, id)?.1.expires_at;
        let value = token::<32>(random);
        self.refresh_tokens.insert(
            now,
            fingerprint(&value),
            expires_at,
            RefreshToken { grant_id: id.to_owned(), used: false },
        );
        Some(value)
    }

    /// Uses up a refresh token and names its grant.
    pub(crate) fn redeem(
        &mut self,
        now: OffsetDateTime,
        client_id: &str,
        refresh_token: &str,
    ) -> Result<(String, Grant), RefreshError> {
        let record =
            self.refresh_tokens.get_mut(now, &fingerprint(refresh_token)).ok_or(RefreshError::Unknown)?;
        let found = self.live.get(now, &record.grant_id).ok_or(RefreshError::Unknown)?.clone();
        if found.1.client_id != client_id {
            return Err(RefreshError::Unknown);
        }
        if std::mem::replace(&mut record.used, true) {
            self.revoke(&found.0);
            return Err(RefreshError::Reused);
        }
        Ok(found)
    }

    /// The grant behind a refresh token that could still be used.
    pub(crate) fn of_refresh_token(
        &self,
        now: OffsetDateTime,
        refresh_token: &str,
    ) -> Option<&(String, Grant)> {
        let record = self.refresh_tokens.get(now, &fingerprint(refresh_token));
        let record = record.filter(|record| !record.used)?;
        self.live.get(now, &record.grant_id)
    }

    pub(crate) fn record_access_token(
        &mut self,
        now: OffsetDateTime,
        jti: String,
        id: &str,
        until: OffsetDateTime,
    ) {
        self.access_tokens.insert(now, jti, until, id.to_owned());
    }

    /// The grant behind an access token that was not revoked.
    pub(crate) fn of_access_token(&self, now: OffsetDateTime, jti: &str) -> Option<&(String, Grant)> {
        self.live.get(now, self.access_tokens.get(now, jti)?)
    }

    pub(crate) fn forget_access_token(&mut self, jti: &str) {
        self.access_tokens.remove(jti);
    }

    /// Lets the next tokens of a grant be for another organization.
    pub(crate) fn move_to(&mut self, now: OffsetDateTime, id: &str, organization: &str) {
        if let Some((_, grant)) = self.live.get_mut(now, id) {
            organization.clone_into(&mut grant.org_id);
        }
    }

    /// Ends a grant, and with it every token that came from it.
    pub(crate) fn revoke(&mut self, id: &str) {
        self.live.remove(id);
    }

    pub(super) fn take_changed(&mut self) -> bool {
        // Each is asked, so that none of them is asked in vain the next time.
        let changed =
            [self.live.take_changed(), self.refresh_tokens.take_changed(), self.access_tokens.take_changed()];
        changed.contains(&true)
    }

    /// What a restart must not lose. A refresh token that was used bought its successor, which is there too.
    pub(super) fn kept(&self, now: OffsetDateTime, limit: usize) -> KeptGrants {
        KeptGrants {
            live: self.live.kept(now, limit, |_| true),
            refresh_tokens: self.refresh_tokens.kept(now, limit, |token| !token.used),
            access_tokens: self.access_tokens.kept(now, limit, |_| true),
        }
    }

    pub(super) fn restore(&mut self, now: OffsetDateTime, kept: KeptGrants) {
        self.live.restore(now, kept.live);
        self.refresh_tokens.restore(now, kept.refresh_tokens);
        self.access_tokens.restore(now, kept.access_tokens);
    }

    pub(crate) fn revoke_session(&mut self, sid: &str) {
        self.live.remove_where(|(_, grant)| grant.sid == sid);
    }
}
