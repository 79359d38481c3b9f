//! What happens to streams when a topic is emptied, recreated or grown: only a real broker can do that.

use std::{sync::Arc, time::Duration};

use portico_stream::TopicSpec;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewPartitions},
    client::DefaultClientContext,
};

use crate::world::{REPLY, World, cloud_event, listen};

const ALICE: (&str, &str) = ("acme", "alice");

fn admin(world: &World) -> AdminClient<DefaultClientContext> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &world.bootstrap_servers).create().expect("an admin client")
}

async fn delete(world: &World) {
    let deleted = admin(world).delete_topics(&[&world.topic], &AdminOptions::new()).await;
    assert!(deleted.expect("the broker answers").iter().all(Result::is_ok));
    // Deletion is answered before it is done.
    wait_until(world, |partitions| partitions == 0).await;
}

async fn create(world: &World) {
    let spec = TopicSpec { name: Arc::clone(&world.topic), partitions: 4 };
    world.log.ensure_topics(&[spec]).await.expect("created");
    wait_until(world, |partitions| partitions == 4).await;
}

async fn wait_until(world: &World, enough: impl Fn(usize) -> bool) {
    loop {
        // A partition that has no leader yet is an error for a moment.
        if let Ok(states) = world.log.partitions(&[Arc::clone(&world.topic)]).await
            && enough(states.len())
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn replies(world: &World, numbers: std::ops::Range<u64>) {
    for n in numbers {
        world.write(&format!("key{n}"), &cloud_event("acme", Some("alice"), REPLY, n)).await;
    }
}

pub(crate) async fn case_66_an_id_from_before_a_topic_was_recreated_resets(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    replies(world, 0..10).await;
    alice.numbers(10).await;
    let id = alice.last_event_id.clone();
    drop((alice, portal));
    delete(world).await;
    create(world).await;
    // With fewer records than before the offsets show it, with more of them only the anchor does.
    for (round, count) in [(100, 4), (200, 60)] {
        replies(world, round..round + count).await;
        let portal = world.instance().await;
        let mut alice = listen(&portal, ALICE, Some(&id)).await;
        let reset = alice.event().await;
        assert_eq!(
            (reset.kind.as_str(), reset.data.as_str()),
            ("reset", r#"{"reason":"recreated","types":["chat.reply"]}"#)
        );
        replies(world, round + 90..round + 92).await;
        let mut fresh = alice.numbers(2).await;
        fresh.sort_unstable();
        assert_eq!(fresh, [round + 90, round + 91]);
        let mut resumed = listen(&portal, ALICE, Some(&reset.id)).await;
        let mut again = resumed.numbers(2).await;
        again.sort_unstable();
        assert_eq!(again, fresh, "the id of the reset is a place to resume from");
    }
}

pub(crate) async fn case_66_an_expired_id_resets(world: &World) {
    let portal = world.instance_with(|config| config.history.bytes = 3000).await;
    let mut alice = listen(&portal, ALICE, None).await;
    replies(world, 0..2).await;
    alice.numbers(2).await;
    let id = alice.last_event_id.clone();
    for n in 2..60 {
        // Read as they come, since this instance remembers a few events only.
        replies(world, n..n + 1).await;
        alice.numbers(1).await;
    }
    let recent = alice.last_event_id.clone();
    let mut all = TopicPartitionList::new();
    for partition in 0..4 {
        all.add_partition_offset(&world.topic, partition, Offset::End).expect("a partition");
    }
    admin(world).delete_records(&all, &AdminOptions::new()).await.expect("retention passes");
    let mut late = listen(&portal, ALICE, Some(&id)).await;
    let reset = late.event().await;
    assert_eq!(
        (reset.kind.as_str(), reset.data.as_str()),
        ("reset", r#"{"reason":"expired","types":["chat.reply"]}"#)
    );
    // Who has seen all that is gone misses nothing, on an instance that knows it and on one that has to believe it.
    let other = world.instance().await;
    for portal in [&portal, &other] {
        let mut current = listen(portal, ALICE, Some(&recent)).await;
        current.assert_quiet().await;
    }
    replies(world, 60..62).await;
    let mut fresh = late.numbers(2).await;
    fresh.sort_unstable();
    assert_eq!(fresh, [60, 61]);
}

pub(crate) async fn open_streams_are_reset_when_a_topic_is_recreated_under_them(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    replies(world, 0..8).await;
    alice.numbers(8).await;
    delete(world).await;
    create(world).await;
    replies(world, 8..10).await;
    let reset = alice.event().await;
    assert_eq!(
        (reset.kind.as_str(), reset.data.as_str()),
        ("reset", r#"{"reason":"recreated","types":["chat.reply"]}"#)
    );
    replies(world, 10..12).await;
    let mut numbers = alice.numbers(4).await;
    numbers.sort_unstable();
    assert_eq!(numbers, [8, 9, 10, 11]);
}

pub(crate) async fn open_streams_are_reset_even_when_a_recreated_topic_is_filled_at_once(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    replies(world, 0..2).await;
    alice.numbers(2).await;
    // Let a look at the topic pass, so that there is something to compare with.
    tokio::time::sleep(Duration::from_secs(2)).await;
    delete(world).await;
    create(world).await;
    replies(world, 100..180).await;
    loop {
        let event = alice.event().await;
        if event.kind == "reset" {
            assert_eq!(event.data, r#"{"reason":"recreated","types":["chat.reply"]}"#);
            return;
        }
    }
}

pub(crate) async fn a_partition_added_to_a_topic_is_read_from_its_beginning(world: &World) {
    let portal = world.instance().await;
    let alice = listen(&portal, ALICE, None).await;
    let before = alice.last_event_id.clone();
    let mut alice = listen(&portal, ALICE, Some(&before)).await;
    let grown = NewPartitions::new(&world.topic, 9);
    let grown = admin(world).create_partitions([&grown], &AdminOptions::new()).await;
    assert!(grown.expect("the broker answers").iter().all(Result::is_ok));
    replies(world, 0..60).await;
    let mut numbers = alice.numbers(60).await;
    numbers.sort_unstable();
    assert_eq!(numbers, (0..60).collect::<Vec<_>>());
    let other = world.instance().await;
    let mut resumed = listen(&other, ALICE, Some(&before)).await;
    assert_eq!(resumed.numbers(60).await.len(), 60);
    resumed.assert_quiet().await;
}
