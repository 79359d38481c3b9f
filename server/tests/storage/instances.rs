//! Sessions on two instances of the portal that share a store: what one does holds on the other within a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::join_all;
use portico::storage::{Database, PostgresSessionStore};
use portico_identity::seal::Sealer;
use portico_identity::session::session_store::Result as StoreResult;
use portico_identity::session::{
    Change, EndReason, Feed, Index, Lifetimes, Membership, Person, Record, Replaced, Row, SessionError,
    SessionId, SessionSignal, SessionState, SessionStore, Sessions, SharedSessionStore, Tokens, TurnAnswer,
};
use portico_ports::{Clock as _, OsRandom, SystemClock};
use time::{Duration as Span, OffsetDateTime};
use tokio::sync::broadcast::error::TryRecvError;

use super::postgres::Postgres;
use super::redis::Redis;

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let postgres = Postgres::start().await;
    let Database::Postgres(first) = postgres.database("instances").await else { panic!("PostgreSQL's") };
    let url = postgres.url("instances");
    let Database::Postgres(second) = Database::open_postgres(&url).await.expect("opens") else {
        panic!("PostgreSQL's")
    };
    let cut = async || {
        let statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'";
        sqlx::query(statement).execute(&first).await.expect("connections can be cut");
    };
    let stores = [PostgresSessionStore::new(first.clone()), PostgresSessionStore::new(second)];
    every_test(stores.map(|store| Arc::new(store) as Arc<dyn SharedSessionStore>), cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_redis() {
    let redis = Redis::start().await;
    let stores = [redis.store(0).await, redis.store(0).await];
    let cut = async || redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    every_test(stores.map(|store| Arc::new(store) as Arc<dyn SharedSessionStore>), cut).await;
}

async fn every_test(stores: [Arc<dyn SharedSessionStore>; 2], cut: impl AsyncFn()) {
    let world = World::new(stores);
    world.trusted().await;
    case_16_an_end_is_known_everywhere_within_a_second(&world).await;
    case_18_fifty_requests_on_two_instances_refresh_once(&world).await;
    two_changes_at_once_are_both_kept(&world).await;
    a_session_is_answered_from_memory_while_the_feed_is_heard(&world).await;
    a_person_ends_their_other_sessions_on_any_instance(&world).await;
    case_12_by_sid_that_one_and_by_sub_all(&world).await;
    changed_privileges_are_told_everywhere(&world).await;
    what_ended_while_the_feed_was_silent_is_found(&world, cut).await;
}

async fn case_16_an_end_is_known_everywhere_within_a_second(world: &World) {
    let session = world.first.begin(state("alice")).await.expect("begins");
    world.second.find(&session.id).await.expect("answers").expect("is known there too");
    let mut signals = world.second.signals();
    world.first.end(&session.id, EndReason::SignedOut).await.expect("ends");
    let told = tokio::time::timeout(Duration::from_secs(10), signals.recv()).await;
    assert_eq!(
        told.expect("in time").expect("open"),
        SessionSignal::Ended(session.id, EndReason::SignedOut),
        "its streams close"
    );
    assert!(world.second.find(&session.id).await.expect("answers").is_none());
    assert!(world.first.find(&session.id).await.expect("answers").is_none());
}

async fn case_18_fifty_requests_on_two_instances_refresh_once(world: &World) {
    let session = world.first.begin(state("alice")).await.expect("begins");
    let other = world.second.find(&session.id).await.expect("answers").expect("is known");
    let refreshes = Arc::new(AtomicUsize::new(0));
    let requests = (0..50).map(|n| {
        let (sessions, session) = if n % 2 == 0 { (&world.first, &session) } else { (&world.second, &other) };
        let (sessions, session, refreshes) = (sessions.clone(), session.clone(), refreshes.clone());
        tokio::spawn(async move {
            let (sessions, session, refreshes) = (&sessions, &session, &refreshes);
            let turn = sessions.in_turn(session, || async move {
                let mut tokens = session.state().tokens.clone();
                if tokens.access_token == "old" {
                    refreshes.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    tokens.access_token = "new".into();
                    sessions.replace_tokens(session, tokens).await?;
                }
                Ok::<_, SessionError>(session.state().tokens.access_token.clone())
            });
            turn.await
        })
    });
    for answer in join_all(requests).await {
        assert_eq!(answer.expect("no panic").expect("an answer"), "new");
    }
    assert_eq!(refreshes.load(Ordering::SeqCst), 1);
}

async fn two_changes_at_once_are_both_kept(world: &World) {
    let session = world.first.begin(state("dana")).await.expect("begins");
    let other = world.second.find(&session.id).await.expect("answers").expect("is known");
    let mut tokens = session.state().tokens.clone();
    tokens.access_token = "refreshed".into();
    world.first.replace_tokens(&session, tokens).await.expect("is saved");
    // This instance may not have heard of it: its change must not bring the old tokens back.
    let renamed = world.second.update_person(ISSUER, "dana", |state| {
        state.device = "changed".into();
        Change::Save
    });
    assert_eq!(renamed.await.expect("is saved"), 1);
    let state = other.state();
    assert_eq!((state.tokens.access_token.as_str(), state.device.as_str()), ("refreshed", "changed"));
}

async fn a_session_is_answered_from_memory_while_the_feed_is_heard(world: &World) {
    let session = world.first.begin(state("erin")).await.expect("begins");
    world.trusted().await;
    let before = world.reads[0].load(Ordering::SeqCst);
    for _ in 0..100 {
        assert!(world.first.find(&session.id).await.expect("answers").is_some());
    }
    assert_eq!(world.reads[0].load(Ordering::SeqCst), before, "no read while the feed is alive");
}

async fn a_person_ends_their_other_sessions_on_any_instance(world: &World) {
    let here = world.first.begin(state("frank")).await.expect("begins");
    let there = world.second.begin(state("frank")).await.expect("begins");
    let listed = world.first.of_person(ISSUER, "frank").await.expect("answers");
    let mut handles: Vec<_> = listed.iter().map(|session| session.handle.clone()).collect();
    handles.sort();
    let mut expected = [here.handle(), there.handle()];
    expected.sort();
    assert_eq!(handles, expected);
    assert_eq!(world.first.end_others(&here).await.expect("ends"), 1);
    world
        .hears("the other session ended", || async {
            world.second.find(&there.id).await.expect("answers").is_none()
        })
        .await;
    assert!(world.first.find(&here.id).await.expect("answers").is_some());
    assert!(
        !world
            .first
            .end_handle(ISSUER, "alice", &here.handle(), EndReason::SignedOut)
            .await
            .expect("answers")
    );
    assert!(
        world.first.end_handle(ISSUER, "frank", &here.handle(), EndReason::SignedOut).await.expect("ends")
    );
}

async fn case_12_by_sid_that_one_and_by_sub_all(world: &World) {
    let mut sessions = Vec::new();
    for sid in ["s1", "s2", "s3"] {
        let with_sid = SessionState { sid: Some(sid.into()), ..state("grace") };
        sessions.push(world.first.begin(with_sid).await.expect("begins"));
    }
    assert_eq!(world.second.end_of_provider_session(ISSUER, "s1").await.expect("ends"), 1);
    assert_eq!(world.second.end_of_provider_session("https://other", "s2").await.expect("ends"), 0);
    assert_eq!(world.second.of_person(ISSUER, "grace").await.expect("answers").len(), 2);
    assert_eq!(world.second.end_of_person(ISSUER, "grace").await.expect("ends"), 2);
    for session in sessions {
        world
            .hears("the session ended", || async {
                world.first.find(&session.id).await.expect("answers").is_none()
            })
            .await;
    }
}

async fn changed_privileges_are_told_everywhere(world: &World) {
    let session = world.first.begin(state("heidi")).await.expect("begins");
    world.second.find(&session.id).await.expect("answers").expect("is known");
    let mut signals = world.second.signals();
    let demote = |state: &mut SessionState| {
        state.organizations[0].roles = vec!["member".into()];
        Change::SavePrivileges
    };
    world.first.update_person(ISSUER, "heidi", demote).await.expect("is saved");
    let told = tokio::time::timeout(Duration::from_secs(10), signals.recv()).await;
    assert_eq!(told.expect("in time").expect("open"), SessionSignal::PrivilegesChanged(session.id));
    let there = world.second.find(&session.id).await.expect("answers").expect("goes on");
    assert_eq!(there.state().roles(), ["member"]);
}

async fn what_ended_while_the_feed_was_silent_is_found(world: &World, cut: impl AsyncFn()) {
    let session = world.first.begin(state("ivan")).await.expect("begins");
    world.second.find(&session.id).await.expect("answers").expect("is known");
    let mut signals = world.second.signals();
    cut().await;
    world.first.end(&session.id, EndReason::SignedOut).await.expect("ends");
    let looks = async {
        loop {
            world.second.recheck().await.expect("the store answers");
            match signals.try_recv() {
                Ok(SessionSignal::Ended(id, _)) if id == session.id => return,
                Ok(_) | Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(TryRecvError::Closed) => panic!("signals stay open"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), looks).await.expect("the end is found");
    world.trusted().await;
}

const ISSUER: &str = "https://idp.test";

fn state(sub: &str) -> SessionState {
    let now = SystemClock.now().replace_nanosecond(0).expect("zero is in range");
    let acme = Membership { id: "acme".into(), name: "Acme".into(), roles: vec!["admin".into()] };
    SessionState {
        person: Person {
            issuer: ISSUER.into(),
            sub: sub.into(),
            name: sub.into(),
            email: None,
            email_verified: None,
            claims: None,
        },
        org_id: "acme".into(),
        organizations: vec![acme],
        provider_organizations: Vec::new(),
        sid: None,
        tokens: Tokens {
            access_token: "old".into(),
            access_expires_at: now,
            refresh_token: Some("refresh".into()),
            refresh_expires_at: None,
            id_token: "id".into(),
        },
        created_at: now,
        expires_at: now + Span::hours(8),
        device: String::new(),
        tokens_org_id: String::new(),
        notice: None,
        renew: false,
    }
}

/// Two instances, each with a connection of its own.
struct World {
    first: Arc<Sessions>,
    second: Arc<Sessions>,
    /// How often each has read a session from the store.
    reads: [Arc<AtomicUsize>; 2],
}

impl World {
    fn new(stores: [Arc<dyn SharedSessionStore>; 2]) -> Self {
        let reads: [Arc<AtomicUsize>; 2] = Default::default();
        let mut instances = stores.into_iter().zip(&reads).map(|(store, reads)| {
            let store = Arc::new(Counting { store, reads: reads.clone() });
            let lifetimes = Lifetimes { idle: Span::minutes(30), absolute: Span::hours(8) };
            let sealer = Sealer::new(&[[7; 32]]).expect("one key");
            let sessions =
                Arc::new(Sessions::new(store, sealer, lifetimes, Arc::new(SystemClock), Arc::new(OsRandom)));
            let (mut notices, hearing) = (sessions.listen(), sessions.clone());
            tokio::spawn(async move {
                while let Ok(notice) = notices.recv().await {
                    hearing.heard(&notice);
                }
            });
            sessions
        });
        let (first, second) = (instances.next().expect("two"), instances.next().expect("two"));
        drop(instances);
        Self { first, second, reads }
    }

    /// Waits until both have heard the feed.
    async fn trusted(&self) {
        self.hears("the feed", || async { self.first.trusts_memory() && self.second.trusts_memory() }).await;
    }

    async fn hears<F: Future<Output = bool>>(&self, what: &str, condition: impl Fn() -> F) {
        let begun = Instant::now();
        while !condition().await {
            assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A store that counts how often sessions are read.
#[derive(Debug)]
struct Counting {
    store: Arc<dyn SharedSessionStore>,
    reads: Arc<AtomicUsize>,
}

#[async_trait]
impl SessionStore for Counting {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        self.store.create(record).await
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        self.store.save(record).await
    }

    async fn load(&self, id: &SessionId) -> StoreResult<Option<Record>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.store.load(id).await
    }

    async fn delete(&self, id: &SessionId) -> StoreResult<()> {
        self.store.delete(id).await
    }
}

#[async_trait]
impl SharedSessionStore for Counting {
    async fn replace(&self, record: &Record, privileges: bool) -> StoreResult<Replaced> {
        self.store.replace(record, privileges).await
    }

    async fn touch(&self, id: &SessionId, expires_at: OffsetDateTime) -> StoreResult<bool> {
        self.store.touch(id, expires_at).await
    }

    async fn end(&self, id: &SessionId, reason: EndReason) -> StoreResult<bool> {
        self.store.end(id, reason).await
    }

    async fn take_turn(&self, id: &SessionId, owner: i64, lease: Duration) -> StoreResult<TurnAnswer> {
        self.store.take_turn(id, owner, lease).await
    }

    async fn release_turn(&self, id: &SessionId, owner: i64) -> StoreResult<()> {
        self.store.release_turn(id, owner).await
    }

    async fn find_by(&self, index: Index<'_>) -> StoreResult<Vec<Row>> {
        self.store.find_by(index).await
    }

    async fn remember_once(&self, key: &str, until: OffsetDateTime) -> StoreResult<bool> {
        self.store.remember_once(key, until).await
    }

    async fn remove_expired(&self, now: OffsetDateTime) -> StoreResult<u64> {
        self.store.remove_expired(now).await
    }

    fn feed(&self) -> &Feed {
        self.store.feed()
    }
}
