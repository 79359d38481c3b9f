//! Session stores: SQLite, PostgreSQL, Redis and the one in memory behave alike.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use portico::storage::{Database, PostgresSessionStore, SqliteSessionStore};
use portico_identity::session::{
    EndReason, Index, MemorySessionStore, Notice, Record, Replaced, SessionId, SessionKey,
    SharedSessionStore, TurnAnswer,
};
use portico_ports::{Clock as _, SystemClock};
use time::OffsetDateTime;

use super::postgres::Postgres;
use super::redis::Redis;

type Store = Arc<dyn SharedSessionStore>;

/// Runs every test on one store.
macro_rules! all {
    ($call:ident) => {
        $call!(
            what_is_kept_comes_back_unchanged,
            case_17_a_session_that_ended_is_not_saved_again,
            a_change_over_an_older_version_is_refused,
            a_touch_moves_the_end_and_nothing_else,
            a_turn_is_one_owners_until_it_is_given_back_or_its_lease_ends,
            sessions_are_found_by_person_and_by_session_at_the_provider,
            case_11_a_key_is_new_once,
            what_is_changed_or_ended_is_told,
            what_is_over_is_removed
        );
    };
}

macro_rules! on_memory {
    ($($name:ident),+) => { mod on_memory { $(
        #[tokio::test]
        async fn $name() {
            super::$name(std::sync::Arc::new(super::MemorySessionStore::default())).await;
        }
    )+ } };
}
all!(on_memory);

macro_rules! on_sqlite {
    ($($name:ident),+) => { mod on_sqlite { $(
        #[tokio::test]
        async fn $name() {
            let directory = tempfile::tempdir().expect("a temporary directory can be made");
            let file = directory.path().join("portico.db");
            let super::Database::Sqlite(pool) = super::Database::open_sqlite(&file).await.expect("it opens") else {
                panic!("a file is SQLite's");
            };
            super::$name(std::sync::Arc::new(super::SqliteSessionStore::new(pool))).await;
        }
    )+ } };
}
all!(on_sqlite);

/// One cluster for all of it, and a database for each.
#[tokio::test]
async fn on_postgres() {
    let postgres = Postgres::start().await;
    macro_rules! on_postgres {
        ($($name:ident),+) => { $(
            tracing::info!("{}", stringify!($name));
            let Database::Postgres(pool) = postgres.database(stringify!($name)).await else {
                panic!("a URL is PostgreSQL's");
            };
            $name(Arc::new(PostgresSessionStore::new(pool))).await;
        )+ };
    }
    all!(on_postgres);
}

/// One server for all of it, and a database for each.
#[tokio::test]
async fn on_redis() {
    let redis = Redis::start().await;
    let mut database = 0;
    macro_rules! on_redis {
        ($($name:ident),+) => { $(
            tracing::info!("{}", stringify!($name));
            $name(Arc::new(redis.store(database).await)).await;
            database += 1;
        )+ };
    }
    all!(on_redis);
    assert!(database > 0);
}

/// A record as `Sessions` makes it. Redis forgets by the machine's own clock, so its times are real.
fn record(id: i128, person: &str, provider_session: Option<&str>, version: i64) -> Record {
    let mut data = HashMap::from([
        ("session".to_owned(), format!("sealed {version}").into()),
        ("person".to_owned(), person.into()),
        ("version".to_owned(), version.into()),
    ]);
    if let Some(sid) = provider_session {
        data.insert("provider_session".to_owned(), sid.into());
    }
    Record { id: SessionId(id), data, expiry_date: in_seconds(600) }
}

fn in_seconds(seconds: i64) -> OffsetDateTime {
    let now = SystemClock.now().unix_timestamp();
    OffsetDateTime::from_unix_timestamp(now + seconds).expect("in range")
}

async fn what_is_kept_comes_back_unchanged(store: Store) {
    let mut kept = record(1, "alice", Some("sid"), 1);
    store.create(&mut kept).await.expect("creates");
    let back = store.load(&kept.id).await.expect("answers").expect("is there");
    assert_eq!((back.data, back.expiry_date), (kept.data.clone(), kept.expiry_date));
    let mut plain = record(2, "bob", None, 1);
    store.create(&mut plain).await.expect("creates");
    let back = store.load(&plain.id).await.expect("answers").expect("is there");
    assert_eq!(back.data, plain.data, "no session at the provider stays none");
    assert!(store.load(&SessionId(3)).await.expect("answers").is_none());
}

async fn case_17_a_session_that_ended_is_not_saved_again(store: Store) {
    store.create(&mut record(1, "alice", None, 1)).await.expect("creates");
    assert!(store.end(&SessionId(1), EndReason::SignedOut).await.expect("answers"));
    assert!(!store.end(&SessionId(1), EndReason::SignedOut).await.expect("answers"), "it was over");
    let late = store.replace(&record(1, "alice", None, 2), false).await.expect("answers");
    assert_eq!(late, Replaced::Ended);
    store.save(&record(1, "alice", None, 2)).await.expect_err("a late save is an error");
    assert!(!store.touch(&SessionId(1), in_seconds(600)).await.expect("answers"));
    assert!(store.load(&SessionId(1)).await.expect("answers").is_none());
}

async fn a_change_over_an_older_version_is_refused(store: Store) {
    store.create(&mut record(1, "alice", None, 1)).await.expect("creates");
    let replace =
        async |version| store.replace(&record(1, "alice", None, version), false).await.expect("answers");
    assert_eq!(replace(2).await, Replaced::Done);
    assert_eq!(replace(2).await, Replaced::Conflict, "somebody else has made the second version");
    assert_eq!(replace(4).await, Replaced::Conflict, "nobody has made the third");
    assert_eq!(replace(3).await, Replaced::Done);
    let back = store.load(&SessionId(1)).await.expect("answers").expect("is there");
    assert_eq!(back.data["session"], "sealed 3");
}

async fn a_touch_moves_the_end_and_nothing_else(store: Store) {
    store.create(&mut record(1, "alice", Some("sid"), 1)).await.expect("creates");
    store.replace(&record(1, "alice", Some("sid"), 2), false).await.expect("answers");
    assert!(store.touch(&SessionId(1), in_seconds(900)).await.expect("answers"));
    let back = store.load(&SessionId(1)).await.expect("answers").expect("is there");
    assert_eq!(back.data, record(1, "alice", Some("sid"), 2).data);
    assert!((899..=900).contains(&(back.expiry_date - in_seconds(0)).whole_seconds()));
}

async fn a_turn_is_one_owners_until_it_is_given_back_or_its_lease_ends(store: Store) {
    store.create(&mut record(1, "alice", None, 1)).await.expect("creates");
    let (long, short) = (Duration::from_secs(60), Duration::from_millis(200));
    let take = async |owner, lease| store.take_turn(&SessionId(1), owner, lease).await.expect("answers");
    assert_eq!(take(-7, long).await, TurnAnswer::Taken);
    assert_eq!(take(8, long).await, TurnAnswer::Busy);
    store.release_turn(&SessionId(1), 8).await.expect("answers");
    assert_eq!(take(8, long).await, TurnAnswer::Busy, "nobody gives back what is another's");
    store.release_turn(&SessionId(1), -7).await.expect("answers");
    assert_eq!(take(8, short).await, TurnAnswer::Taken);
    tokio::time::sleep(short * 2).await;
    assert_eq!(take(9, long).await, TurnAnswer::Taken, "whoever died in its turn holds nobody up");
    let gone = store.take_turn(&SessionId(2), 1, long).await.expect("answers");
    assert_eq!(gone, TurnAnswer::Ended);
}

async fn sessions_are_found_by_person_and_by_session_at_the_provider(store: Store) {
    for (id, person, sid) in [(1, "alice", Some("x")), (2, "alice", None), (3, "bob", Some("y"))] {
        store.create(&mut record(id, person, sid, 1)).await.expect("creates");
    }
    let count = async |index: Index<'static>| store.find_by(index).await.expect("answers").len();
    assert_eq!(count(Index::Person("alice")).await, 2);
    assert_eq!(count(Index::Person("nobody")).await, 0);
    let rows = store.find_by(Index::ProviderSession("y")).await.expect("answers");
    assert_eq!(rows.iter().map(|row| row.person.as_str()).collect::<Vec<_>>(), ["bob"]);
    store.end(&SessionId(1), EndReason::SignedOut).await.expect("ends");
    assert_eq!(count(Index::Person("alice")).await, 1);
    assert_eq!(count(Index::ProviderSession("x")).await, 0);
}

async fn case_11_a_key_is_new_once(store: Store) {
    assert!(store.remember_once("jti-1", in_seconds(60)).await.expect("answers"));
    assert!(!store.remember_once("jti-1", in_seconds(60)).await.expect("answers"));
    assert!(store.remember_once("jti-2", in_seconds(60)).await.expect("answers"));
}

async fn what_is_changed_or_ended_is_told(store: Store) {
    let mut notices = store.feed().listen();
    let mut next = async || {
        let notice = tokio::time::timeout(Duration::from_secs(10), notices.recv()).await;
        notice.expect("it is told in time").expect("the feed is open")
    };
    // What was told before it listened is nobody's loss: nothing was in memory then.
    while store.feed().is_shared() && next().await != Notice::Beat {}
    store.create(&mut record(1, "alice", None, 1)).await.expect("creates");
    store.replace(&record(1, "alice", None, 2), true).await.expect("answers");
    store.end(&SessionId(1), EndReason::Expired).await.expect("ends");
    let key = SessionKey::of(&SessionId(1));
    let mut told = Vec::new();
    for _ in 0..100 {
        match next().await {
            Notice::Beat | Notice::Gap => {}
            notice => told.push(notice),
        }
        if told.len() == 2 {
            break;
        }
    }
    let changed = Notice::Changed { key, version: 2, privileges: true };
    assert_eq!(told, [changed, Notice::Ended(key, EndReason::Expired)]);
}

async fn what_is_over_is_removed(store: Store) {
    store.create(&mut record(1, "alice", None, 1)).await.expect("creates");
    let mut over = record(2, "alice", None, 1);
    over.expiry_date = in_seconds(-5);
    store.create(&mut over).await.expect("creates");
    store.remove_expired(in_seconds(0)).await.expect("answers");
    assert!(store.load(&SessionId(1)).await.expect("answers").is_some());
    assert!(store.load(&SessionId(2)).await.expect("answers").is_none());
    assert_eq!(store.find_by(Index::Person("alice")).await.expect("answers").len(), 1);
}
