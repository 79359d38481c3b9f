use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::RwLock;
use time::{Duration, OffsetDateTime};

use super::{ExchangeError, ExchangedToken};

/// The place of one key's token, and the turn to fetch it.
pub(super) struct Slot {
    current: RwLock<Option<Arc<ExchangedToken>>>,
    turn: tokio::sync::Mutex<Turn>,
    /// How many exchanges have come to an end, so that those who waited know whether one was made for them.
    finished: AtomicU64,
    forgotten: AtomicBool,
    /// When it was last wanted, as `Slots` counts.
    pub(super) last_used: AtomicU64,
}

#[derive(Default)]
struct Turn {
    failure: Option<ExchangeError>,
    refreshed_at: Option<OffsetDateTime>,
}

/// What makes a cached token good enough.
pub(super) enum Wanted<'a> {
    /// Current until this instant at least.
    Current(OffsetDateTime),
    /// Another than this one, which an upstream did not accept; at most one such exchange per pause.
    Other { than: &'a ExchangedToken, current_until: OffsetDateTime, now: OffsetDateTime, pause: Duration },
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            current: RwLock::default(),
            turn: tokio::sync::Mutex::default(),
            finished: AtomicU64::new(0),
            forgotten: AtomicBool::new(false),
            last_used: AtomicU64::new(0),
        }
    }

    /// The token, if it is current until `until` at least.
    pub(super) fn current(&self, until: OffsetDateTime) -> Option<Arc<ExchangedToken>> {
        self.current.read().clone().filter(|token| token.expires_at > until)
    }

    /// Makes the token unusable, also one that is being fetched right now.
    pub(super) fn forget(&self) {
        self.forgotten.store(true, Ordering::SeqCst);
        *self.current.write() = None;
    }

    /// The wanted token, by one `exchange` for everyone who waits.
    ///
    /// Those who came while an exchange was under way share its outcome, failure too: fifty requests for a provider that
    /// hangs wait for one time limit, not for fifty. If the one who fetched goes away, the next one fetches.
    pub(super) async fn fetch(
        &self,
        wanted: Wanted<'_>,
        exchange: impl Future<Output = Result<ExchangedToken, ExchangeError>>,
    ) -> Result<Option<Arc<ExchangedToken>>, ExchangeError> {
        let finished_before = self.finished.load(Ordering::SeqCst);
        let mut turn = self.turn.lock().await;
        if self.forgotten.load(Ordering::SeqCst) {
            return Err(ExchangeError::SessionEnded);
        }
        if let Some(token) = self.good_enough(&wanted) {
            return Ok(Some(token));
        }
        if self.finished.load(Ordering::SeqCst) != finished_before
            && let Some(failure) = &turn.failure
        {
            return Err(failure.clone());
        }
        let refreshing_at = match wanted {
            Wanted::Other { now, pause, .. } if turn.refreshed_at.is_some_and(|at| now - at < pause) => {
                return Ok(None);
            }
            Wanted::Other { now, .. } => Some(now),
            Wanted::Current(_) => turn.refreshed_at,
        };
        let outcome = exchange.await;
        turn.refreshed_at = refreshing_at;
        self.finished.fetch_add(1, Ordering::SeqCst);
        turn.failure = outcome.as_ref().err().cloned();
        let token = Arc::new(outcome?);
        self.keep(token).map(Some)
    }

    fn good_enough(&self, wanted: &Wanted<'_>) -> Option<Arc<ExchangedToken>> {
        match wanted {
            Wanted::Current(until) => self.current(*until),
            Wanted::Other { than, current_until, .. } => {
                self.current(*current_until).filter(|token| token.token != than.token)
            }
        }
    }

    fn keep(&self, token: Arc<ExchangedToken>) -> Result<Arc<ExchangedToken>, ExchangeError> {
        // The flag is read under the lock that `forget` writes under, so that it never misses a token kept here.
        let mut current = self.current.write();
        if self.forgotten.load(Ordering::SeqCst) {
            return Err(ExchangeError::SessionEnded);
        }
        *current = Some(Arc::clone(&token));
        Ok(token)
    }
}
