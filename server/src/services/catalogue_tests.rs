use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use async_trait::async_trait;
use portico_policy::{Decision, Entitlements};

use super::*;

/// Allows everything, counts the questions, and can be of another mind.
#[derive(Default)]
struct Counting {
    asked: AtomicUsize,
    revision: AtomicU64,
    is_personal: bool,
}

#[async_trait]
impl PolicyEngine for Counting {
    fn decide_now(&self, _: &Query<'_>) -> Option<Decision> {
        Some(Decision::allow("always"))
    }

    async fn decide_all(&self, queries: &[Query<'_>]) -> Vec<Decision> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        queries.iter().map(|_| Decision::allow("always")).collect()
    }

    fn basis(&self) -> Basis {
        if self.is_personal { Basis::Person } else { Basis::Entitlements }
    }

    fn revision(&self) -> u64 {
        self.revision.load(Ordering::SeqCst)
    }
}

struct World {
    engine: Counting,
    catalogue: Catalogue,
    snapshot: Arc<Snapshot>,
    now: OffsetDateTime,
}

impl World {
    fn new(is_personal: bool) -> Self {
        Self {
            engine: Counting { is_personal, ..Counting::default() },
            catalogue: Catalogue::default(),
            snapshot: Arc::default(),
            now: OffsetDateTime::UNIX_EPOCH,
        }
    }

    /// How often the engine was asked when this person of this session has looked.
    async fn look(&self, session: u8, permission: &str) -> usize {
        let entitlements = Entitlements::new(vec![permission.to_owned()], |_| true);
        let person =
            Principal::new("https://idp.example", "bob", "acme").with_roles(Vec::new(), entitlements);
        let id = SessionId(i128::from(session));
        let found = self.catalogue.of(&self.engine, Arc::clone(&self.snapshot), &id, &person, self.now).await;
        assert!(found.is_ok(), "the engine answers");
        self.engine.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn people_with_the_same_entitlements_share_one_answer() {
    let world = World::new(false);
    assert_eq!(world.look(1, "todos.read").await, 1);
    assert_eq!(world.look(2, "todos.read").await, 1);
    assert_eq!(world.look(2, "todos.write").await, 2, "other entitlements, another answer");
}

#[tokio::test]
async fn where_the_person_counts_a_session_has_its_own_answer_for_a_moment() {
    let mut world = World::new(true);
    assert_eq!(world.look(1, "todos.read").await, 1);
    assert_eq!(world.look(1, "todos.read").await, 1);
    assert_eq!(world.look(2, "todos.read").await, 2, "another session, another answer");
    assert_eq!(world.look(1, "todos.write").await, 3, "changed roles hold at once");
    world.now += OWN_LIFE;
    assert_eq!(world.look(1, "todos.write").await, 4, "its time is over");
}

#[tokio::test]
async fn other_policies_and_other_remotes_are_asked_about_anew() {
    for is_personal in [false, true] {
        let mut world = World::new(is_personal);
        world.look(1, "todos.read").await;
        world.engine.revision.fetch_add(1, Ordering::SeqCst);
        assert_eq!(world.look(1, "todos.read").await, 2);
        world.snapshot = Arc::default();
        assert_eq!(world.look(1, "todos.read").await, 3);
        assert_eq!(world.look(1, "todos.read").await, 3);
    }
}
