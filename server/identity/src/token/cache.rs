use std::sync::Arc;

use parking_lot::Mutex;
use portico_ports::{Clock, Random};
use time::{Duration, OffsetDateTime};

use super::shared::Sharing;
use super::slot::Wanted;
use super::slots::Slots;
use super::{
    ExchangeError, ExchangeRequest, ExchangedToken, SharedTokens, Subject, TokenExchange, TokenKey,
    TokenKeyRef,
};
use crate::seal::Sealer;
use crate::session::SessionId;

/// The bounds of the cache.
#[derive(Clone, Copy, Debug)]
pub struct CacheLimits {
    /// How long before its end a token is no longer handed out, for clocks that differ and calls that take time.
    pub skew: Duration,
    /// How many tokens are kept; beyond it, those that were not wanted for longest go.
    pub capacity: usize,
    /// After a refresh that an upstream's 401 asked for, how long the next one waits: an upstream that refuses
    /// everything must not become a flood of exchanges.
    pub refresh_pause: Duration,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { skew: Duration::seconds(30), capacity: 20_000, refresh_pause: Duration::seconds(5) }
    }
}

/// Exchanged tokens, until shortly before they expire. Concurrent callers with one key share one exchange.
pub struct TokenCache {
    exchange: Arc<dyn TokenExchange>,
    clock: Arc<dyn Clock>,
    limits: CacheLimits,
    slots: Mutex<Slots>,
    sharing: Option<Sharing>,
}

impl TokenCache {
    /// An empty cache over `exchange`.
    pub fn new(exchange: Arc<dyn TokenExchange>, clock: Arc<dyn Clock>, limits: CacheLimits) -> Self {
        Self { exchange, clock, limits, slots: Mutex::new(Slots::new(limits.capacity)), sharing: None }
    }

    /// The same, sharing the tokens of sessions with other instances. They leave this process sealed.
    #[must_use]
    pub fn shared(mut self, tokens: Arc<dyn SharedTokens>, sealer: Sealer, random: Arc<dyn Random>) -> Self {
        self.sharing = Some(Sharing::new(tokens, sealer, random));
        self
    }

    /// A current token, if there is one: the way that needs no subject token, which may itself need a refresh.
    pub fn get(&self, key: &TokenKey) -> Option<Arc<ExchangedToken>> {
        let slot = self.slots.lock().find(key)?;
        slot.current(self.current_until())
    }

    /// [`TokenCache::get`] with a key that owns nothing, for what happens at every call.
    pub fn find(&self, key: TokenKeyRef<'_>) -> Option<Arc<ExchangedToken>> {
        let slot = self.slots.lock().find_ref(key)?;
        slot.current(self.current_until())
    }

    /// A current token, exchanged for `subject` where there is none yet: a session's access token, or
    /// [`Subject::Portal`].
    ///
    /// # Errors
    /// Those of the exchange; nothing is cached then, and the subject token must not be sent instead.
    pub async fn token(
        &self,
        key: &TokenKey,
        subject: impl Into<Subject<'_>>,
    ) -> Result<Arc<ExchangedToken>, ExchangeError> {
        let slot = self.slots.lock().find_or_insert(key, self.clock.now());
        if let Some(token) = slot.current(self.current_until()) {
            return Ok(token);
        }
        let wanted = Wanted::Current(self.current_until());
        let token = slot.fetch(wanted, self.ask(key, subject.into(), None)).await?;
        token.ok_or(ExchangeError::SessionEnded)
    }

    /// Another token than `refused`, which the upstream answered with 401: one fresh exchange, also for many callers.
    ///
    /// `None` means that it was refreshed moments ago and refused again: the upstream's answer stands.
    ///
    /// # Errors
    /// Those of the exchange.
    pub async fn refresh(
        &self,
        key: &TokenKey,
        subject: impl Into<Subject<'_>>,
        refused: &ExchangedToken,
    ) -> Result<Option<Arc<ExchangedToken>>, ExchangeError> {
        let wanted = Wanted::Other {
            than: refused,
            current_until: self.current_until(),
            now: self.clock.now(),
            pause: self.limits.refresh_pause,
        };
        let slot = self.slots.lock().find_or_insert(key, self.clock.now());
        slot.fetch(wanted, self.ask(key, subject.into(), Some(refused))).await
    }

    /// Drops every token of a session, also those being fetched (case 39). What instances share is dropped by
    /// [`TokenCache::forget_shared`].
    pub fn forget_session(&self, session: &SessionId) {
        for slot in self.slots.lock().remove_session(session) {
            slot.forget();
        }
    }

    /// Drops what instances share of a session.
    pub async fn forget_shared(&self, session: &SessionId) {
        if let Some(sharing) = &self.sharing {
            sharing.forget(session).await;
        }
    }

    /// How many keys are held, for metrics.
    pub fn len(&self) -> usize {
        self.slots.lock().len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What another instance has exchanged, or else an exchange. `refused` is what must not come back.
    async fn ask(
        &self,
        key: &TokenKey,
        subject: Subject<'_>,
        refused: Option<&ExchangedToken>,
    ) -> Result<ExchangedToken, ExchangeError> {
        let Some(sharing) = &self.sharing else { return self.exchange(key, subject).await };
        let current = |token: &ExchangedToken| {
            token.expires_at > self.current_until()
                && refused.is_none_or(|refused| refused.token != token.token)
        };
        if let Some(token) = sharing.get(key).await.filter(current) {
            return Ok(token);
        }
        let token = self.exchange(key, subject).await?;
        sharing.put(key, &token).await;
        Ok(token)
    }

    async fn exchange(&self, key: &TokenKey, subject: Subject<'_>) -> Result<ExchangedToken, ExchangeError> {
        let request = ExchangeRequest {
            subject,
            organization: Some(key.organization.as_str()).filter(|organization| !organization.is_empty()),
            audience: &key.audience,
            resource: key.resource.as_deref(),
            scope: &key.scope,
        };
        self.exchange.exchange(request).await
    }

    fn current_until(&self) -> OffsetDateTime {
        self.clock.now() + self.limits.skew
    }
}
