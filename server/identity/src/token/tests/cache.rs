use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use portico_ports::{Clock as _, OsRandom, TestClock};
use time::Duration;
use tokio::sync::Semaphore;

use super::world::{SUBJECT, TODOS};
use crate::seal::Sealer;
use crate::session::{SessionId, SessionKey};
use crate::token::{
    AudienceEvidence, BearerToken, CacheLimits, ExchangeError, ExchangeRequest, ExchangedToken, Holder,
    Scope, SharedTokens, Subject, TokenCache, TokenExchange, TokenKey,
};

/// Counts exchanges, lets each one through when the test opens the gate, and fails when told to.
struct Counting {
    calls: AtomicUsize,
    gate: Semaphore,
    failure: Mutex<Option<ExchangeError>>,
    clock: Arc<TestClock>,
}

#[async_trait]
impl TokenExchange for Counting {
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let _open = self.gate.acquire().await.expect("the gate stays");
        if let Some(failure) = self.failure.lock().clone() {
            return Err(failure);
        }
        Ok(ExchangedToken {
            token: BearerToken::parse(format!("token-{number}")).expect("a token"),
            audience: request.audience.to_owned(),
            audience_evidence: AudienceEvidence::Unverified,
            scope: request.scope.clone(),
            expires_at: self.clock.now() + Duration::minutes(5),
        })
    }
}

struct World {
    exchange: Arc<Counting>,
    clock: Arc<TestClock>,
    cache: Arc<TokenCache>,
}

impl World {
    fn new() -> Self {
        Self::with(CacheLimits::default())
    }

    fn with(limits: CacheLimits) -> Self {
        let clock = Arc::new(TestClock::default());
        let exchange = Arc::new(Counting {
            calls: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            failure: Mutex::default(),
            clock: Arc::clone(&clock),
        });
        let cache = TokenCache::new(Arc::clone(&exchange) as _, Arc::clone(&clock) as _, limits);
        Self { exchange, clock, cache: Arc::new(cache) }
    }

    /// Makes every exchange wait from now on.
    fn close(&self) {
        self.exchange.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn open(&self) {
        self.exchange.gate.add_permits(1000);
    }

    fn calls(&self) -> usize {
        self.exchange.calls.load(Ordering::SeqCst)
    }

    async fn token(&self, key: &TokenKey) -> Arc<ExchangedToken> {
        self.cache.token(key, SUBJECT).await.expect("a token")
    }

    /// Starts `count` callers and waits until the exchange has been entered.
    async fn crowd<T: Send + 'static, F>(
        &self,
        count: usize,
        call: impl Fn(Arc<TokenCache>) -> F,
    ) -> Vec<tokio::task::JoinHandle<T>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let before = self.calls();
        let callers: Vec<_> = (0..count).map(|_| tokio::spawn(call(Arc::clone(&self.cache)))).collect();
        while self.calls() == before {
            tokio::task::yield_now().await;
        }
        // Every caller gets its turn to queue up: the test's runtime has one thread.
        for _ in 0..count * 2 {
            tokio::task::yield_now().await;
        }
        callers
    }
}

fn id(session: i128) -> SessionId {
    tower_sessions_core::session::Id(session)
}

fn key(session: i128) -> TokenKey {
    TokenKey {
        holder: Holder::Session(id(session)),
        organization: "acme".to_owned(),
        audience: TODOS.to_owned(),
        resource: None,
        scope: Scope::parse("todos.read"),
    }
}

#[tokio::test]
async fn a_token_is_exchanged_once_and_kept() {
    let world = World::new();
    assert!(world.cache.get(&key(1)).is_none());
    let first = world.token(&key(1)).await;
    assert_eq!(first, world.token(&key(1)).await);
    assert_eq!(Some(first), world.cache.get(&key(1)));
    assert_eq!(world.calls(), 1);
}

#[tokio::test]
async fn case_37_no_part_of_the_key_is_shared() {
    let world = World::new();
    let base = key(1);
    let keys = [
        base.clone(),
        key(2),
        TokenKey { holder: Holder::Portal, ..base.clone() },
        TokenKey { organization: "globex".to_owned(), ..base.clone() },
        TokenKey { audience: "https://api.example/chat".to_owned(), ..base.clone() },
        TokenKey { resource: Some("https://todos.example/".to_owned()), ..base.clone() },
        TokenKey { scope: Scope::parse("todos.read todos.write"), ..base.clone() },
        TokenKey { scope: Scope::default(), ..base.clone() },
    ];
    let mut tokens = Vec::new();
    for key in &keys {
        tokens.push(world.token(key).await.token.secret().to_owned());
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), keys.len());
    let reordered = TokenKey { scope: Scope::parse(" todos.write  todos.read "), ..base };
    world.token(&reordered).await;
    assert_eq!(world.calls(), keys.len(), "the order of scope values is no difference");
}

#[tokio::test]
async fn case_37_a_token_is_not_used_in_the_last_seconds_of_its_life() {
    let world = World::new();
    let first = world.token(&key(1)).await;
    world.clock.advance(Duration::seconds(268));
    assert_eq!(first, world.token(&key(1)).await);
    world.clock.advance(Duration::seconds(4));
    assert!(world.cache.get(&key(1)).is_none());
    assert_ne!(first, world.token(&key(1)).await);
}

#[tokio::test]
async fn concurrent_callers_share_one_exchange() {
    let world = World::new();
    world.close();
    let callers = world.crowd(50, |cache| async move { cache.token(&key(1), SUBJECT).await }).await;
    world.open();
    for caller in callers {
        let token = caller.await.expect("no panic").expect("a token");
        assert_eq!(token.token.secret(), "token-0");
    }
    assert_eq!(world.calls(), 1);
}

#[tokio::test]
async fn case_38_concurrent_callers_share_one_failure_and_the_next_one_tries_again() {
    let world = World::new();
    world.close();
    *world.exchange.failure.lock() = Some(ExchangeError::Timeout);
    let callers = world.crowd(50, |cache| async move { cache.token(&key(1), SUBJECT).await }).await;
    world.open();
    for caller in callers {
        assert_eq!(caller.await.expect("no panic"), Err(ExchangeError::Timeout));
    }
    assert_eq!(world.calls(), 1);
    *world.exchange.failure.lock() = None;
    world.token(&key(1)).await;
    assert_eq!(world.calls(), 2);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_take_the_others_along() {
    let world = World::new();
    world.close();
    let mut callers = world.crowd(3, |cache| async move { cache.token(&key(1), SUBJECT).await }).await;
    callers.remove(0).abort();
    world.open();
    for caller in callers {
        assert_eq!(caller.await.expect("no panic").expect("a token").token.secret(), "token-1");
    }
}

#[tokio::test]
async fn different_keys_do_not_wait_for_each_other() {
    let world = World::new();
    world.token(&key(2)).await;
    world.close();
    let slow = world.crowd(1, |cache| async move { cache.token(&key(1), SUBJECT).await }).await;
    assert_eq!(world.token(&key(2)).await.token.secret(), "token-0");
    world.open();
    for caller in slow {
        caller.await.expect("no panic").expect("a token");
    }
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_for_everyone_who_was_refused() {
    let world = World::new();
    let refused = world.token(&key(1)).await;
    world.close();
    let stale = Arc::clone(&refused);
    let callers = world
        .crowd(50, |cache| {
            let stale = Arc::clone(&stale);
            async move { cache.refresh(&key(1), SUBJECT, &stale).await }
        })
        .await;
    world.open();
    for caller in callers {
        let token = caller.await.expect("no panic").expect("an outcome").expect("a fresh token");
        assert_eq!(token.token.secret(), "token-1");
    }
    // Someone who was refused with the old one a little later gets the new one too.
    let late = world.cache.refresh(&key(1), SUBJECT, &refused).await.expect("an outcome").expect("a token");
    assert_eq!((late.token.secret(), world.calls()), ("token-1", 2));
}

#[tokio::test]
async fn an_upstream_that_refuses_everything_is_no_flood_of_exchanges() {
    let world = World::new();
    let first = world.token(&key(1)).await;
    let second =
        world.cache.refresh(&key(1), SUBJECT, &first).await.expect("an outcome").expect("a fresh token");
    for _ in 0..20 {
        assert_eq!(world.cache.refresh(&key(1), SUBJECT, &second).await, Ok(None));
    }
    assert_eq!(world.calls(), 2);
    world.clock.advance(Duration::seconds(6));
    assert!(world.cache.refresh(&key(1), SUBJECT, &second).await.expect("an outcome").is_some());
}

#[tokio::test]
async fn case_39_a_session_that_ended_leaves_no_token_behind() {
    let world = World::new();
    world.token(&key(1)).await;
    let kept = world.token(&key(2)).await;
    world.cache.forget_session(&id(1));
    assert!(world.cache.get(&key(1)).is_none());
    assert_eq!(world.cache.get(&key(2)), Some(kept));
    assert_eq!(world.cache.len(), 1);
}

#[tokio::test]
async fn case_39_a_token_that_arrives_after_the_session_ended_is_used_by_nobody() {
    let world = World::new();
    world.close();
    let callers = world.crowd(3, |cache| async move { cache.token(&key(1), SUBJECT).await }).await;
    world.cache.forget_session(&id(1));
    world.open();
    for caller in callers {
        assert_eq!(caller.await.expect("no panic"), Err(ExchangeError::SessionEnded));
    }
    assert!(world.cache.is_empty());
}

#[tokio::test]
async fn the_cache_stays_within_its_capacity_and_keeps_what_is_used() {
    let world = World::with(CacheLimits { capacity: 80, ..CacheLimits::default() });
    let favourite = world.token(&key(0)).await;
    for session in 1..1000 {
        world.token(&key(session)).await;
        assert_eq!(world.cache.get(&key(0)).as_ref(), Some(&favourite), "after {session}");
        assert!(world.cache.len() <= 80);
    }
}

#[tokio::test]
async fn what_has_expired_goes_before_anything_current() {
    let world = World::with(CacheLimits { capacity: 8, ..CacheLimits::default() });
    for session in 0..4 {
        world.token(&key(session)).await;
    }
    world.clock.advance(Duration::minutes(4));
    for session in 4..8 {
        world.token(&key(session)).await;
    }
    world.clock.advance(Duration::minutes(2));
    world.token(&key(8)).await;
    assert_eq!(world.cache.len(), 5);
    assert!((4..9).all(|session| world.cache.get(&key(session)).is_some()));
}

#[tokio::test]
async fn nothing_secret_shows_in_debug_output() {
    let world = World::new();
    let token = world.token(&key(123_456_789)).await;
    let shown = format!("{:?} {token:?}", key(123_456_789));
    assert!(!shown.contains("token-0") && !shown.contains("123456789"));
}

#[tokio::test]
async fn the_portals_own_tokens_are_shared_by_an_organization_and_outlive_its_sessions() {
    let world = World::new();
    let own = |organization: &str| TokenKey {
        holder: Holder::Portal,
        organization: organization.to_owned(),
        ..key(1)
    };
    let first = world.cache.token(&own("acme"), Subject::Portal).await.expect("a token");
    world.cache.forget_session(&id(1));
    assert_eq!(world.cache.get(&own("acme")), Some(first.clone()));
    let other = world.cache.token(&own("globex"), Subject::Portal).await.expect("a token");
    assert_ne!(first, other);
}

/// What two instances share: the texts that left them.
#[derive(Default)]
struct Shelf(Mutex<std::collections::HashMap<(SessionKey, String), String>>);

#[async_trait]
impl SharedTokens for Shelf {
    async fn get(&self, session: &SessionKey, name: &str) -> Option<String> {
        self.0.lock().get(&(*session, name.to_owned())).cloned()
    }

    async fn put(&self, session: &SessionKey, name: &str, sealed: String, _: time::OffsetDateTime) {
        self.0.lock().insert((*session, name.to_owned()), sealed);
    }

    async fn forget(&self, session: &SessionKey) {
        self.0.lock().retain(|(of, _), _| of != session);
    }
}

impl World {
    fn instance(&self, shelf: &Arc<Shelf>, key: u8) -> TokenCache {
        let sealer = Sealer::new(&[[key; 32]]).expect("one key");
        TokenCache::new(self.exchange.clone(), self.clock.clone(), CacheLimits::default()).shared(
            shelf.clone(),
            sealer,
            Arc::new(OsRandom),
        )
    }
}

#[tokio::test]
async fn a_token_that_one_instance_exchanged_serves_on_the_others_and_is_sealed_between_them() {
    let (world, shelf) = (World::new(), Arc::<Shelf>::default());
    let (first, second) = (world.instance(&shelf, 1), world.instance(&shelf, 1));
    let token = first.token(&key(1), SUBJECT).await.expect("a token");
    let same = second.token(&key(1), SUBJECT).await.expect("a token");
    assert_eq!((token.token.secret(), world.calls()), (same.token.secret(), 1));
    assert!(!shelf.0.lock().values().any(|sealed| sealed.contains(token.token.secret())));
    let foreign = world.instance(&shelf, 2).token(&key(1), SUBJECT).await.expect("a token");
    assert_ne!(foreign.token, token.token, "what does not open is exchanged again");
}

#[tokio::test]
async fn case_37_shared_tokens_do_not_cross_sessions_organizations_audiences_or_scopes() {
    let (world, shelf) = (World::new(), Arc::<Shelf>::default());
    let (first, second) = (world.instance(&shelf, 1), world.instance(&shelf, 1));
    let asked = key(1);
    first.token(&asked, SUBJECT).await.expect("a token");
    let others = [
        key(2),
        TokenKey { organization: "globex".into(), ..asked.clone() },
        TokenKey { audience: "https://other".into(), ..asked.clone() },
        TokenKey { scope: Scope::parse("more"), ..asked.clone() },
    ];
    for (number, other) in others.iter().enumerate() {
        second.token(other, SUBJECT).await.expect("a token");
        assert_eq!(world.calls(), number + 2, "{other:?}");
    }
}

#[tokio::test]
async fn case_39_what_is_shared_goes_with_its_session_and_is_not_given_out_after_a_refusal() {
    let (world, shelf) = (World::new(), Arc::<Shelf>::default());
    let (first, second) = (world.instance(&shelf, 1), world.instance(&shelf, 1));
    let refused = first.token(&key(1), SUBJECT).await.expect("a token");
    let fresh = second.refresh(&key(1), SUBJECT, &refused).await.expect("an answer").expect("a token");
    assert_ne!(fresh.token, refused.token);
    second.forget_shared(&id(1)).await;
    assert!(shelf.0.lock().is_empty());
    world.clock.advance(Duration::minutes(5));
    first.token(&key(1), SUBJECT).await.expect("a token");
    assert_eq!(world.calls(), 3, "an old one does not come back");
}
