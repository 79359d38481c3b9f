use portico_ports::{OsRandom, TestClock};

use tower_sessions_core::SessionStore as _;

use super::super::{Membership, MemorySessionStore, Person};
use super::*;

struct World {
    clock: Arc<TestClock>,
    store: Arc<MemorySessionStore>,
}

impl World {
    fn new() -> Self {
        Self { clock: Arc::default(), store: Arc::default() }
    }

    /// One instance; two of them over one store behave like two servers.
    fn instance(&self) -> Sessions {
        self.instance_with(Sealer::new(&[[7; 32]]).expect("one key"))
    }

    fn instance_with(&self, sealer: Sealer) -> Sessions {
        let lifetimes = Lifetimes { idle: Duration::minutes(30), absolute: Duration::hours(8) };
        Sessions::new(self.store.clone(), sealer, lifetimes, self.clock.clone(), Arc::new(OsRandom))
    }

    fn state(&self) -> SessionState {
        let now = self.clock.now().replace_nanosecond(0).expect("zero is in range");
        SessionState {
            person: Person {
                issuer: "https://idp".into(),
                sub: "s".into(),
                name: "Alice".into(),
                email: None,
                email_verified: None,
                claims: None,
            },
            org_id: "acme".into(),
            organizations: vec![Membership {
                id: "acme".into(),
                name: "Acme".into(),
                roles: vec!["admin".into()],
            }],
            sid: None,
            tokens: tokens("first", now),
            created_at: now,
            expires_at: now + Duration::hours(8),
            provider_organizations: Vec::new(),
            device: String::new(),
            tokens_org_id: String::new(),
            notice: None,
            renew: false,
        }
    }
}

fn tokens(access: &str, now: OffsetDateTime) -> Tokens {
    Tokens {
        access_token: access.into(),
        access_expires_at: now + Duration::minutes(5),
        refresh_token: Some("r".into()),
        refresh_expires_at: None,
        id_token: "i".into(),
    }
}

#[tokio::test]
async fn a_session_survives_a_restart_and_is_sealed_at_rest() {
    let world = World::new();
    let session = world.instance().begin(world.state()).await.expect("begins");
    let found = world.instance().find(&session.id).await.expect("store answers").expect("is there");
    assert_eq!(*found.state(), *session.state());
    let record = world.store.load(&session.id).await.expect("store answers").expect("is there");
    assert!(!format!("{record:?}").contains("first"), "no token at rest in the clear");
}

#[tokio::test]
async fn a_session_ends_when_idle_and_at_its_absolute_end() {
    let world = World::new();
    let sessions = world.instance();
    let idle = sessions.begin(world.state()).await.expect("begins");
    world.clock.advance(Duration::minutes(31));
    assert!(sessions.find(&idle.id).await.expect("store answers").is_none(), "idle for too long");
    let busy = sessions.begin(world.state()).await.expect("begins");
    for _ in 0..17 {
        world.clock.advance(Duration::minutes(28));
        sessions.find(&busy.id).await.expect("store answers");
    }
    world.clock.advance(Duration::minutes(10));
    assert!(sessions.find(&busy.id).await.expect("store answers").is_none(), "absolute end");
}

#[tokio::test]
async fn a_session_in_use_stays_alive_across_a_restart() {
    let world = World::new();
    let sessions = world.instance();
    let session = sessions.begin(world.state()).await.expect("begins");
    for _ in 0..4 {
        world.clock.advance(Duration::minutes(20));
        assert!(sessions.find(&session.id).await.expect("store answers").is_some());
    }
    assert!(world.instance().find(&session.id).await.expect("store answers").is_some());
}

#[tokio::test]
async fn rotation_gives_a_new_id_and_the_old_one_is_gone_everywhere() {
    let world = World::new();
    let sessions = world.instance();
    let mut signals = sessions.signals();
    let old = sessions.begin(world.state()).await.expect("begins");
    let new = sessions.rotate(&old, world.state()).await.expect("rotates");
    assert_ne!(old.id, new.id);
    assert!(sessions.find(&old.id).await.expect("store answers").is_none());
    assert!(world.instance().find(&old.id).await.expect("store answers").is_none());
    let told = signals.try_recv().expect("streams are told");
    assert_eq!(told, SessionSignal::Ended(old.id, EndReason::Replaced));
}

#[tokio::test]
async fn case_17_a_slow_change_does_not_bring_a_logged_out_session_back() {
    let world = World::new();
    let sessions = world.instance();
    let session = sessions.begin(world.state()).await.expect("begins");
    sessions.end(&session.id, EndReason::SignedOut).await.expect("ends");
    let late = sessions.replace_tokens(&session, tokens("late", world.clock.now())).await;
    assert!(matches!(late, Err(SessionError::Ended)));
    assert!(sessions.find(&session.id).await.expect("store answers").is_none());
}

#[tokio::test]
async fn a_session_sealed_with_a_key_that_left_the_ring_is_none_at_all() {
    let world = World::new();
    let session = world.instance().begin(world.state()).await.expect("begins");
    let other = world.instance_with(Sealer::new(&[[8; 32]]).expect("one key"));
    assert!(other.find(&session.id).await.expect("store answers").is_none());
}

#[tokio::test]
async fn a_session_moves_to_the_newest_key_when_it_is_saved() {
    let world = World::new();
    let session = world.instance().begin(world.state()).await.expect("begins");
    let rotated = world.instance_with(Sealer::new(&[[9; 32], [7; 32]]).expect("two keys"));
    let found = rotated.find(&session.id).await.expect("store answers").expect("the old key still opens");
    rotated.replace_tokens(&found, tokens("second", world.clock.now())).await.expect("is saved");
    let later = world.instance_with(Sealer::new(&[[9; 32]]).expect("one key"));
    let found = later.find(&session.id).await.expect("store answers").expect("the new key alone opens");
    assert_eq!(found.state().tokens.access_token, "second");
}

#[tokio::test]
async fn a_session_never_outlives_its_refresh_token() {
    let world = World::new();
    let sessions = world.instance();
    let mut state = world.state();
    state.tokens.refresh_expires_at = Some(state.created_at + Duration::minutes(20));
    let session = sessions.begin(state).await.expect("begins");
    world.clock.advance(Duration::minutes(19));
    assert!(sessions.find(&session.id).await.expect("store answers").is_some());
    world.clock.advance(Duration::minutes(2));
    assert!(sessions.find(&session.id).await.expect("store answers").is_none());
    let mut without = world.state();
    without.tokens.refresh_token = None;
    assert_eq!(without.ends_at(), without.tokens.access_expires_at, "nothing could renew it");
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_does_not_go_on_under_a_new_id() {
    let world = World::new();
    let sessions = world.instance();
    let session = sessions.begin(world.state()).await.expect("begins");
    sessions.end(&session.id, EndReason::SignedOut).await.expect("ends");
    let late = sessions.rotate(&session, world.state()).await;
    assert!(matches!(late, Err(SessionError::Ended)));
    assert!(sessions.of_person("https://idp", "s").await.expect("store answers").is_empty());
}
