use std::time::Duration;

use portico_ports::OsRandom;
use portico_stream::{EmbeddedKafka, EventGateway, SubscribeError, Subscription};

use crate::{
    sse::Source,
    world::{REPLY, World, cloud_event, event_types, listen},
};

const ALICE: (&str, &str) = ("acme", "alice");

/// Writes `numbers` to Alice, some to her alone and some to all, over both topics and all partitions.
async fn scatter(world: &World, numbers: std::ops::Range<u64>) {
    for n in numbers {
        let user = (n % 3 != 0).then_some("alice");
        let topic = if n % 5 == 0 { &world.other_topic } else { &world.topic };
        world.write_to(topic, &format!("key{}", n % 11), &cloud_event("acme", user, REPLY, n)).await;
        // Others' events lie between, and must not show.
        if n % 4 == 0 {
            world.write_to(topic, "x", &cloud_event("globex", user, REPLY, n)).await;
        }
    }
}

async fn sorted(source: &mut Source, count: usize) -> Vec<u64> {
    let mut numbers = source.numbers(count).await;
    numbers.sort_unstable();
    numbers
}

fn refused(portal: &EventGateway, (org, user): (&str, &str), id: &str) -> Option<SubscribeError> {
    let types = event_types(&[REPLY], portal);
    let last_event_id = Some(id);
    portal.subscribe(Subscription { session_id: "s", org, user, types: &types, last_event_id }).err()
}

pub(crate) async fn case_66_an_id_resumes_on_any_instance_without_gap_or_repeat(world: &World) {
    let (one, two) = (world.instance().await, world.instance().await);
    let mut alice = listen(&one, ALICE, None).await;
    scatter(world, 0..20).await;
    let mut seen = alice.numbers(12).await;
    let id = alice.last_event_id.clone();
    drop(alice);
    scatter(world, 20..40).await;
    let mut alice = listen(&two, ALICE, Some(&id)).await;
    seen.extend(alice.numbers(28).await);
    scatter(world, 40..45).await;
    seen.extend(alice.numbers(5).await);
    seen.sort_unstable();
    assert_eq!(seen, (0..45).collect::<Vec<_>>());
    alice.assert_quiet().await;
}

pub(crate) async fn case_66_a_client_that_never_got_an_event_resumes_from_the_opening_id(world: &World) {
    let (one, two) = (world.instance().await, world.instance().await);
    let alice = listen(&one, ALICE, None).await;
    let id = alice.last_event_id.clone();
    drop(alice);
    scatter(world, 0..10).await;
    let mut alice = listen(&two, ALICE, Some(&id)).await;
    assert_eq!(alice.last_event_id, id, "a stream that resumes opens where it resumes");
    assert_eq!(sorted(&mut alice, 10).await, (0..10).collect::<Vec<_>>());
    alice.assert_quiet().await;
}

pub(crate) async fn case_66_an_id_of_another_organization_or_person_is_refused(world: &World) {
    let portal = world.instance().await;
    let alice = listen(&portal, ALICE, None).await;
    for thief in [("globex", "alice"), ("globex", "carol"), ("acme", "bob")] {
        assert_eq!(refused(&portal, thief, &alice.last_event_id), Some(SubscribeError::ForeignId));
    }
    assert_eq!(refused(&portal, ALICE, &alice.last_event_id), None);
}

pub(crate) async fn case_66_a_forged_id_is_refused(world: &World) {
    let portal = world.instance().await;
    let elsewhere = world.instance_with(|config| {
        config.id_key = portico_stream::IdKey::new(&[1; 32]).expect("32 bytes");
    });
    let elsewhere = elsewhere.await;
    let foreign_key = listen(&elsewhere, ALICE, None).await.last_event_id.clone();
    let cut = &foreign_key[..foreign_key.len() - 1];
    for id in ["x", "0", "AAAA", "\u{feff}", "a\nb", cut, &foreign_key, &"A".repeat(100_000)] {
        assert_eq!(refused(&portal, ALICE, id), Some(SubscribeError::ForgedId), "{id:.60}");
    }
}

pub(crate) async fn case_66_an_id_from_another_log_resets(world: &World) {
    let portal = world.instance().await;
    let elsewhere = EmbeddedKafka::start(&OsRandom).await.expect("a cluster");
    let bootstrap_servers = elsewhere.bootstrap_servers().to_owned();
    let (topic, other_topic) = (world.topic.clone(), world.other_topic.clone());
    let before = World { log: std::sync::Arc::new(elsewhere), bootstrap_servers, topic, other_topic };
    let id = listen(&before.instance().await, ALICE, None).await.last_event_id.clone();
    scatter(world, 0..10).await;
    let mut alice = listen(&portal, ALICE, Some(&id)).await;
    let reset = alice.event().await;
    assert_eq!(reset.kind, "reset");
    assert_eq!(reset.data, r#"{"reason":"recreated","types":["chat.reply"]}"#);
    assert_ne!(reset.id, id);
    scatter(world, 10..15).await;
    let resumed = alice.numbers(1).await;
    drop(alice);
    let mut alice = listen(&portal, ALICE, Some(&reset.id)).await;
    let numbers = sorted(&mut alice, 5).await;
    assert!(numbers.contains(&resumed[0]), "the fresh id is a place to resume from");
}

pub(crate) async fn older_events_come_from_the_log_itself(world: &World) {
    let portal = world.instance().await;
    let id = listen(&portal, ALICE, None).await.last_event_id.clone();
    scatter(world, 0..200).await;
    // An instance that remembers next to nothing, and reads in small parts.
    let forgetful = world
        .instance_with(|config| {
            config.history.preload_records = 2;
            config.history.bytes = 2000;
            config.history.read_records = 17;
        })
        .await;
    let mut alice = listen(&forgetful, ALICE, Some(&id)).await;
    let mut seen = alice.numbers(150).await;
    let id = alice.last_event_id.clone();
    drop(alice);
    // Half-way through the past the other instance takes over.
    let mut alice = listen(&portal, ALICE, Some(&id)).await;
    scatter(world, 200..210).await;
    seen.extend(alice.numbers(60).await);
    seen.sort_unstable();
    assert_eq!(seen, (0..210).collect::<Vec<_>>());
    assert!(forgetful.metrics().history_reads.get() > 1);
    alice.assert_quiet().await;
}

pub(crate) async fn a_client_that_changes_instances_all_the_time_misses_nothing(world: &World) {
    let portals = [
        world.instance().await,
        world.instance_with(|config| config.history.bytes = 3000).await,
        world.instance_with(|config| config.history.read_records = 5).await,
    ];
    let mut id = listen(&portals[0], ALICE, None).await.last_event_id.clone();
    let writer = scatter(world, 0..300);
    let reader = async {
        let mut seen = Vec::new();
        for turn in 0.. {
            let mut alice = listen(&portals[turn % 3], ALICE, Some(&id)).await;
            let count = (turn % 7 + 1).min(300 - seen.len());
            // One instance remembers little: whoever reads slowly there is cut, and goes on elsewhere.
            let is_whole = alice.numbers_until_cut(count, &mut seen).await;
            id.clone_from(&alice.last_event_id);
            if is_whole && seen.len() == 300 {
                alice.assert_quiet().await;
                break;
            }
        }
        seen
    };
    let ((), mut seen) = tokio::join!(writer, reader);
    seen.sort_unstable();
    assert_eq!(seen, (0..300).collect::<Vec<_>>());
}

pub(crate) async fn a_ping_carries_the_current_position(world: &World) {
    let portal = world.instance_with(|config| config.ping_interval = Duration::from_millis(200)).await;
    let mut alice = listen(&portal, ALICE, None).await;
    let opening = alice.last_event_id.clone();
    // Only others' events: nothing tells her client how far the log went, but pings do.
    for n in 0..5 {
        world.reply(("globex", "carol"), n).await;
    }
    let mut ping = alice.next().await.expect("a ping");
    for _ in 0..20 {
        if ping.id != opening {
            break;
        }
        ping = alice.next().await.expect("a ping");
    }
    assert_eq!((ping.kind.as_str(), ping.data.as_str()), ("ping", "{}"));
    assert_ne!(ping.id, opening);
    world.reply(ALICE, 9).await;
    let mut resumed = listen(&portal, ALICE, Some(&ping.id)).await;
    assert_eq!(resumed.numbers(1).await, [9]);
}

pub(crate) async fn a_stream_ahead_of_its_instance_waits_for_it(world: &World) {
    // An instance that looks so rarely that it does not know a topic yet which the other one follows.
    let slow = world.instance_with(|config| config.refresh_interval = Duration::from_secs(3)).await;
    let fast = world.instance().await;
    let mut alice = listen(&fast, ALICE, None).await;
    scatter(world, 0..30).await;
    assert_eq!(sorted(&mut alice, 30).await.len(), 30);
    let id = alice.last_event_id.clone();
    let mut alice = listen(&slow, ALICE, Some(&id)).await;
    scatter(world, 30..33).await;
    assert_eq!(sorted(&mut alice, 3).await, [30, 31, 32]);
    alice.assert_quiet().await;
}

pub(crate) async fn case_66_an_id_from_before_the_embedded_cluster_dropped_records_resets(world: &World) {
    let portal = world.instance_with(|config| config.history.bytes = 100_000).await;
    let mut alice = listen(&portal, ALICE, None).await;
    scatter(world, 0..5).await;
    alice.numbers(5).await;
    let id = alice.last_event_id.clone();
    // It keeps 5 MiB per partition; one key is one partition.
    let big = cloud_event("globex", None, REPLY, 1)
        .replace("\"n\":1", &format!("\"x\":\"{}\"", "x".repeat(200_000)));
    for n in 0..40 {
        world.write("one key", &big.replace("globex-1", &format!("globex-{n}"))).await;
        // The instance keeps up: what is dropped before it is read is another case, and what is still on its way would push
        // what follows out of a memory this small.
        if n % 10 == 9 {
            world.write("one key", &cloud_event("acme", None, REPLY, 100 + n)).await;
            assert_eq!(alice.numbers(1).await, [100 + n]);
        }
    }
    let mut late = listen(&portal, ALICE, Some(&id)).await;
    let reset = late.event().await;
    assert_eq!(
        (reset.kind.as_str(), reset.data.as_str()),
        ("reset", r#"{"reason":"expired","types":["chat.reply"]}"#)
    );
    scatter(world, 5..8).await;
    assert_eq!(sorted(&mut late, 3).await, [5, 6, 7]);
}
