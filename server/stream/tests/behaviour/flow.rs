use std::time::Duration;

use portico_stream::{CloseReason, EventGateway, EventStream, StreamScope, SubscribeError, Subscription};

use crate::world::{REPLY, World, event_types, listen};

const ALICE: (&str, &str) = ("acme", "alice");
const BOB: (&str, &str) = ("acme", "bob");

fn subscribe(
    portal: &EventGateway,
    session_id: &str,
    (org, user): (&str, &str),
) -> Result<(), SubscribeError> {
    open(portal, session_id, (org, user)).map(drop)
}

fn open(
    portal: &EventGateway,
    session_id: &str,
    (org, user): (&str, &str),
) -> Result<EventStream, SubscribeError> {
    let types = event_types(&[REPLY], portal);
    portal.subscribe(Subscription { session_id, org, user, types: &types, last_event_id: None })
}

pub(crate) async fn case_70_a_slow_reader_is_cut_and_resumes_without_loss(world: &World) {
    let portal = world.instance_with(|config| config.limits.queue_frames = 10).await;
    let mut slow = listen(&portal, ALICE, None).await;
    let mut quick = listen(&portal, ALICE, None).await;
    let mut seen = Vec::new();
    for n in 0..40 {
        world.reply(ALICE, n).await;
        assert_eq!(quick.numbers(1).await, [n], "another stream of the same person is not slowed");
    }
    assert_eq!(portal.metrics().streams_lagged.get(), 1);
    loop {
        let event = slow.event().await;
        if event.kind == "lagged" {
            break;
        }
        seen.push(crate::sse::number(&event));
    }
    assert_eq!(slow.next().await, None, "the stream ends after it said so");
    let mut again = listen(&portal, ALICE, Some(&slow.last_event_id)).await;
    seen.extend(again.numbers(40 - seen.len()).await);
    assert_eq!(seen, (0..40).collect::<Vec<_>>());
    again.assert_quiet().await;
}

pub(crate) async fn a_closed_session_ends_its_streams_and_opens_no_more(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    let mut resuming = listen(&portal, ALICE, Some(&alice.last_event_id)).await;
    let mut bob = listen(&portal, BOB, None).await;
    assert_eq!(portal.close_session("session of alice", CloseReason::SignedOut), 2);
    for stream in [&mut alice, &mut resuming] {
        let bye = stream.event().await;
        assert_eq!((bye.kind.as_str(), bye.data.as_str()), ("bye", r#"{"reason":"signed_out"}"#));
        assert_eq!(stream.next().await, None);
    }
    assert_eq!(subscribe(&portal, "session of alice", ALICE), Err(SubscribeError::SessionEnded));
    assert_eq!(subscribe(&portal, "another session", ALICE), Ok(()));
    world.reply(BOB, 1).await;
    assert_eq!(bob.numbers(1).await, [1]);
}

pub(crate) async fn closing_a_person_ends_their_streams_only(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    let mut bob = listen(&portal, BOB, None).await;
    assert_eq!(portal.close_user(Some("globex"), "alice", CloseReason::Replaced), 0);
    assert_eq!(portal.close_user(None, "alice", CloseReason::Replaced), 1);
    assert_eq!(alice.event().await.data, r#"{"reason":"replaced"}"#);
    bob.assert_quiet().await;
    assert_eq!(portal.health().streams, 1);
}

pub(crate) async fn shutting_down_ends_every_stream(world: &World) {
    let portal = world.instance().await;
    let mut streams = [listen(&portal, ALICE, None).await, listen(&portal, BOB, None).await];
    assert_eq!(portal.close_all(), 2);
    for stream in &mut streams {
        assert_eq!(stream.event().await.data, r#"{"reason":"shutdown"}"#);
        assert_eq!(stream.next().await, None);
    }
    assert_eq!(subscribe(&portal, "s", ALICE), Err(SubscribeError::NotReady));
    assert_eq!(portal.health().streams, 0);
}

pub(crate) async fn streams_per_session_are_limited(world: &World) {
    let portal = world.instance_with(|config| config.limits.per_session = 2).await;
    let one = listen(&portal, ALICE, None).await;
    let _two = listen(&portal, ALICE, None).await;
    let third = subscribe(&portal, "session of alice", ALICE);
    assert_eq!(third, Err(SubscribeError::TooManyStreams(StreamScope::Session)));
    assert_eq!(subscribe(&portal, "her other session", ALICE), Ok(()));
    drop(one);
    assert_eq!(subscribe(&portal, "session of alice", ALICE), Ok(()));
}

pub(crate) async fn streams_per_organization_and_per_instance_are_limited(world: &World) {
    let portal = world
        .instance_with(|config| {
            config.limits.per_organization = 2;
            config.limits.per_instance = 3;
        })
        .await;
    let too_many = |who, scope| {
        assert_eq!(subscribe(&portal, "another", who), Err(SubscribeError::TooManyStreams(scope)));
    };
    let _one = open(&portal, "one", ALICE).expect("the first of acme");
    let _two = open(&portal, "two", BOB).expect("the second of acme");
    too_many(ALICE, StreamScope::Organization);
    let three = open(&portal, "three", ("globex", "carol")).expect("another organization has its own");
    too_many(("globex", "carol"), StreamScope::Instance);
    assert_eq!(portal.metrics().streams_refused.get(), 2);
    drop(three);
    assert_eq!(subscribe(&portal, "four", ("globex", "carol")), Ok(()));
}

pub(crate) async fn case_76_clients_of_an_instance_that_goes_down_are_told_to_come_back_one_after_the_other(
    world: &World,
) {
    let portal = world
        .instance_with(|config| {
            config.limits.per_session = 100;
            config.retry = Duration::from_millis(1000);
            config.shutdown_spread = Duration::from_millis(8000);
        })
        .await;
    let mut streams = Vec::new();
    for _ in 0..40 {
        streams.push(listen(&portal, ALICE, None).await);
    }
    assert!(streams.iter().all(|stream| (1000..2000).contains(&stream.retry)), "after a lost connection");
    portal.close_all();
    let mut waits = Vec::new();
    for stream in &mut streams {
        assert_eq!(stream.event().await.data, r#"{"reason":"shutdown"}"#);
        waits.push(stream.retry);
    }
    assert!(waits.iter().all(|wait| (1000..9000).contains(wait)), "{waits:?}");
    for quarter in 0..4 {
        let from = 1000 + quarter * 2000;
        let within = waits.iter().filter(|wait| (from..from + 2000).contains(*wait)).count();
        assert!(
            (4..=16).contains(&within),
            "{within} of 40 come back within {from} ms and 2 s after: {waits:?}"
        );
    }
}

pub(crate) async fn a_quiet_stream_pings(world: &World) {
    let portal = world.instance_with(|config| config.ping_interval = Duration::from_millis(100)).await;
    let mut alice = listen(&portal, ALICE, None).await;
    for _ in 0..3 {
        let ping = alice.next().await.expect("a ping");
        assert_eq!((ping.kind.as_str(), ping.data.as_str()), ("ping", "{}"));
        assert!(!ping.id.is_empty());
    }
}
