//! Instances that tell each other what they publish.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::future::join_all;
use portico_ports::{OsRandom, SystemClock};
use portico_stream::{
    AppendError, Claim, EventDigest, EventGateway, KafkaConfig, KafkaLog, MemoryClaims, PublishError,
    SharedClaims,
};

use crate::{
    publishing::{envelope, records},
    world::World,
};

const ALICE: (&str, &str) = ("acme", "alice");

fn claims() -> Arc<dyn SharedClaims> {
    Arc::new(MemoryClaims::default())
}

async fn sharing(world: &World, claims: &Arc<dyn SharedClaims>) -> EventGateway {
    world.instance_with(|config| config.claims = Some(Arc::clone(claims))).await
}

pub(crate) async fn an_event_that_is_sent_again_to_another_instance_is_produced_once(world: &World) {
    let claims = claims();
    let (first, second) = (sharing(world, &claims).await, sharing(world, &claims).await);
    let body = envelope(r#","id":"one","data":{"n":1}"#);
    let sent = (0..20).map(|n| world.publish(if n % 2 == 0 { &first } else { &second }, ALICE, &body));
    for answer in join_all(sent).await {
        assert_eq!(answer.expect("published").id, "one");
    }
    let later = sharing(world, &claims).await;
    assert_eq!(world.publish(&later, ALICE, &body).await.expect("published").id, "one");
    let other = envelope(r#","id":"one","data":{"n":2}"#);
    assert_eq!(world.publish(&later, ALICE, &other).await, Err(PublishError::IdReused));
    world.publish(&later, ("acme", "bob"), &other).await.expect("another person's id is another one");
    assert_eq!(records(world).await.len(), 2);
    let published = [&first, &second, &later].map(|portal| portal.metrics().published.get());
    assert_eq!(published.iter().sum::<u64>(), 2);
}

pub(crate) async fn what_one_instance_failed_to_publish_another_may(world: &World) {
    let claims = claims();
    let mut kafka = KafkaConfig::new("127.0.0.1:9");
    kafka.delivery_timeout = Duration::from_millis(600);
    let nowhere = Arc::new(KafkaLog::new(kafka).expect("the configuration is right"));
    let mut config = world.config();
    config.claims = Some(Arc::clone(&claims));
    let failing = EventGateway::start(nowhere, Arc::new(SystemClock), Arc::new(OsRandom), Vec::new(), config);
    let body = envelope(r#","id":"one","data":{"n":1}"#);
    let refused = world.publish(&failing, ALICE, &body).await;
    assert_eq!(refused, Err(PublishError::Log(AppendError::Timeout)));
    let working = sharing(world, &claims).await;
    world.publish(&working, ALICE, &body).await.expect("published");
    // What the log has by now is known to the other one, too.
    world.publish(&failing, ALICE, &body).await.expect("published");
    assert_eq!(records(world).await.len(), 1);
}

pub(crate) async fn a_claim_of_an_instance_that_is_gone_ends(world: &World) {
    let (dead, is_dead) = (claims(), AtomicBool::default());
    let portal =
        sharing(world, &(Arc::new(Abandoned { claims: dead, is_dead }) as Arc<dyn SharedClaims>)).await;
    let body = envelope(r#","id":"one","data":{"n":1}"#);
    world.publish(&portal, ALICE, &body).await.expect("published once the claim has ended");
    assert_eq!(records(world).await.len(), 1);
}

pub(crate) async fn without_an_answer_an_event_is_published_and_that_is_counted(world: &World) {
    let portal = sharing(world, &(Arc::new(Mute) as Arc<dyn SharedClaims>)).await;
    let body = envelope(r#","id":"one","data":{"n":1}"#);
    for _ in 0..2 {
        world.publish(&portal, ALICE, &body).await.expect("published");
    }
    assert_eq!(records(world).await.len(), 1, "this instance knows its own");
    assert_eq!(portal.metrics().publish_unclaimed.get(), 1);
}

/// Whoever claimed the first event a moment before is gone.
struct Abandoned {
    claims: Arc<dyn SharedClaims>,
    is_dead: AtomicBool,
}

#[async_trait]
impl SharedClaims for Abandoned {
    async fn claim(&self, event: &EventDigest, owner: &str, lease: Duration) -> Option<Claim> {
        if !self.is_dead.swap(true, Ordering::SeqCst) {
            self.claims.claim(event, "gone", Duration::from_millis(300)).await;
        }
        self.claims.claim(event, owner, lease).await
    }

    async fn settle(&self, event: &EventDigest, window: Duration) {
        self.claims.settle(event, window).await;
    }

    async fn release(&self, event: &EventDigest, owner: &str) {
        self.claims.release(event, owner).await;
    }
}

/// A store that is away.
struct Mute;

#[async_trait]
impl SharedClaims for Mute {
    async fn claim(&self, _: &EventDigest, _: &str, _: Duration) -> Option<Claim> {
        None
    }

    async fn settle(&self, _: &EventDigest, _: Duration) {}

    async fn release(&self, _: &EventDigest, _: &str) {}
}
