//! The sessions of one person: listed, ended, changed, on whatever instance they are in use.

use std::sync::Arc;

use time::OffsetDateTime;

use super::key::index_key;
use super::sessions::store_error;
use super::vault::Opened;
use super::{ActiveSession, Change, EndReason, Index, SessionError, SessionKey, SessionState, Sessions};

/// One of a person's sessions, for the account page.
#[derive(Clone, Debug)]
pub struct SessionSummary {
    /// A short name for forms; no credential.
    pub handle: String,
    /// What it is.
    pub state: Arc<SessionState>,
    /// When it was last used, to the minute.
    pub last_seen: OffsetDateTime,
}

impl Sessions {
    /// The live sessions of a person at an issuer, the one used last first.
    pub async fn of_person(&self, issuer: &str, sub: &str) -> Result<Vec<SessionSummary>, SessionError> {
        let mut found: Vec<_> = self
            .opened(Index::Person(&index_key(issuer, sub)))
            .await?
            .into_iter()
            .map(|opened| SessionSummary {
                handle: SessionKey::of(&opened.id).handle(),
                last_seen: (opened.expires_at - self.lifetimes().idle).max(opened.state.created_at),
                state: Arc::new(opened.state),
            })
            .collect();
        found.sort_by_key(|session| std::cmp::Reverse(session.last_seen));
        Ok(found)
    }

    /// Ends the one of a person's sessions that has this handle. `false` when they have none such.
    pub async fn end_handle(
        &self,
        issuer: &str,
        sub: &str,
        handle: &str,
        reason: EndReason,
    ) -> Result<bool, SessionError> {
        let found = self.opened(Index::Person(&index_key(issuer, sub))).await?;
        match found.iter().find(|opened| SessionKey::of(&opened.id).handle() == handle) {
            Some(opened) => self.end(&opened.id, reason).await,
            None => Ok(false),
        }
    }

    /// Ends every other session of the person whose session this is. Returns how many.
    pub async fn end_others(&self, session: &ActiveSession) -> Result<usize, SessionError> {
        let person = session.state().person.clone();
        let found = self.opened(Index::Person(&index_key(&person.issuer, &person.sub))).await?;
        self.end_all(found.iter().filter(|opened| opened.id != session.id)).await
    }

    /// Ends every session of a person: back-channel logout by `sub`. Returns how many.
    pub async fn end_of_person(&self, issuer: &str, sub: &str) -> Result<usize, SessionError> {
        self.end_all(self.opened(Index::Person(&index_key(issuer, sub))).await?.iter()).await
    }

    /// Ends what belongs to one session at the provider: back-channel logout by `sid`. Returns how many.
    pub async fn end_of_provider_session(&self, issuer: &str, sid: &str) -> Result<usize, SessionError> {
        self.end_all(self.opened(Index::ProviderSession(&index_key(issuer, sid))).await?.iter()).await
    }

    /// Applies `change` to every session of a person, in the store and for every instance. Returns how many there were.
    pub async fn update_person(
        &self,
        issuer: &str,
        sub: &str,
        change: impl Fn(&mut SessionState) -> Change,
    ) -> Result<usize, SessionError> {
        let found = self.opened(Index::Person(&index_key(issuer, sub))).await?;
        for opened in &found {
            let Some(session) = self.read(&opened.id).await? else { continue };
            match self.change(&session, &change).await {
                Ok(_) | Err(SessionError::Ended) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found.len())
    }

    /// Whether `key` is seen for the first time on any instance; it is remembered until `until`.
    pub async fn remember_once(&self, key: &str, until: OffsetDateTime) -> Result<bool, SessionError> {
        self.store.remember_once(key, until).await.map_err(store_error)
    }

    /// Removes from the store what is over. Returns how many sessions that were.
    pub async fn remove_expired(&self) -> Result<u64, SessionError> {
        self.store.remove_expired(self.clock.now()).await.map_err(store_error)
    }

    async fn opened(&self, index: Index<'_>) -> Result<Vec<Opened>, SessionError> {
        let rows = self.store.find_by(index).await.map_err(store_error)?;
        let now = self.clock.now();
        let opened = rows.iter().filter_map(|row| self.vault.open_row(row));
        Ok(opened.filter(|opened| opened.expires_at > now).collect())
    }

    async fn end_all<'a>(&self, sessions: impl Iterator<Item = &'a Opened>) -> Result<usize, SessionError> {
        let mut ended = 0;
        for opened in sessions {
            ended += usize::from(self.end(&opened.id, EndReason::SignedOut).await?);
        }
        Ok(ended)
    }
}
