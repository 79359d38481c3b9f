//! Brokers that stop, stall, move and refuse.

use std::{sync::Arc, time::Duration};

use portico_ports::{OsRandom, SystemClock};
use portico_stream::{AppendError, AppenderState, EventGateway, StreamConfig, TopicSpec};
use rdkafka::{
    mocking::MockCluster,
    producer::DefaultProducerContext,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};

use crate::{
    flawed::{Flaw, Flawed},
    node::Node,
    world::{REPLY, World, cloud_event, kafka, listen, signed},
};

const ALICE: (&str, &str) = ("acme", "alice");

/// A mock cluster whose faults the test controls; its handle stays on the test's thread.
fn mock(brokers: i32) -> (MockCluster<'static, DefaultProducerContext>, World) {
    let cluster = MockCluster::new(brokers).expect("a mock cluster");
    let bootstrap_servers = cluster.bootstrap_servers();
    let world = World::on(Arc::new(kafka(&bootstrap_servers)), bootstrap_servers);
    for TopicSpec { name, partitions } in world.topics() {
        cluster.create_topic(&name, partitions, brokers).expect("a topic");
    }
    (cluster, world)
}

/// Publishes `numbers` to Alice one after the other; each is acknowledged before the next.
async fn replies(world: &World, numbers: std::ops::Range<u64>) {
    for n in numbers {
        world.write(&format!("key{n}"), &cloud_event("acme", Some("alice"), REPLY, n)).await;
    }
}

/// A writer that goes on through a fault: each number is tried until it is acknowledged, as a publisher would.
async fn persistent_replies(world: &World, numbers: std::ops::Range<u64>) {
    for n in numbers {
        let event = cloud_event("acme", Some("alice"), REPLY, n);
        while world.log.append(signed(&world.topic, &format!("key{n}"), &event)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_67_a_broker_that_is_down_for_a_while_costs_no_event() {
    let (cluster, world) = mock(1);
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    replies(&world, 0..5).await;
    assert_eq!(sorted(alice.numbers(5).await), (0..5).collect::<Vec<_>>());
    let id = alice.last_event_id.clone();
    cluster.broker_down(-1).expect("down");
    let mut late = listen(&portal, ALICE, Some(&id)).await;
    let publish = persistent_replies(&world, 5..10);
    let recover = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        cluster.broker_up(-1).expect("up");
    };
    tokio::join!(publish, recover);
    assert_eq!(sorted(alice.numbers(5).await), (5..10).collect::<Vec<_>>());
    assert_eq!(sorted(late.numbers(5).await), (5..10).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_67_a_leader_that_moves_costs_no_event() {
    let (cluster, world) = mock(3);
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    let writer = persistent_replies(&world, 0..200);
    let mover = async {
        for round in 0..12 {
            for partition in 0..4 {
                cluster
                    .partition_leader(&world.topic, partition, Some(1 + (round + partition) % 3))
                    .expect("moved");
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    };
    tokio::join!(writer, mover);
    assert_eq!(sorted(alice.numbers(200).await), (0..200).collect::<Vec<_>>());
    alice.assert_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_67_requests_that_fail_cost_no_event() {
    use RDKafkaRespErr::{
        RD_KAFKA_RESP_ERR__TRANSPORT as TRANSPORT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE as NO_LEADER,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION as NOT_LEADER,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT as TIMED_OUT,
    };
    let (cluster, world) = mock(1);
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    for round in 0..4 {
        cluster.request_errors(RDKafkaApiKey::Fetch, &[NOT_LEADER, TRANSPORT, NO_LEADER]);
        cluster.request_errors(RDKafkaApiKey::Produce, &[NOT_LEADER, TRANSPORT, TIMED_OUT]);
        cluster.request_errors(RDKafkaApiKey::Metadata, &[TRANSPORT]);
        persistent_replies(&world, round * 20..round * 20 + 20).await;
    }
    assert_eq!(sorted(alice.numbers(80).await), (0..80).collect::<Vec<_>>());
    alice.assert_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_68_a_producer_that_died_is_replaced_and_the_instance_is_not_ready_until_the_new_one_delivers() {
    let (cluster, world) = mock(1);
    let portal = world.instance().await;
    let event = cloud_event("acme", Some("alice"), REPLY, 1);
    let record = || signed(&world.topic, "alice", &event);
    world.log.append(record()).await.expect("the first producer delivers");
    assert_eq!(portal.health().appender, AppenderState::default());
    let lost_count = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    // The broker has lost count, or so it says; the client that takes over is refused, and the one after it is not.
    cluster.request_errors(RDKafkaApiKey::InitProducerId, &[refused]);
    cluster.request_errors(RDKafkaApiKey::Produce, &[lost_count]);
    let failed = world.log.append(record()).await;
    assert!(matches!(failed, Err(AppendError::NotDelivered(_))), "{failed:?}");
    let health = portal.health().appender;
    assert!(health.restarts >= 1 && health.failure.is_some(), "{health:?}");
    while world.log.append(record()).await.is_err() {}
    assert_eq!(portal.health().appender, AppenderState { restarts: 2, failure: None });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_starts_before_its_log_becomes_ready_with_it() {
    let (cluster, world) = mock(1);
    cluster.broker_down(-1).expect("down");
    let log = Arc::clone(&world.log);
    let config = StreamConfig { refresh_interval: Duration::from_millis(300), ..world.config() };
    let portal = EventGateway::start(log, Arc::new(SystemClock), Arc::new(OsRandom), world.topics(), config);
    let too_early = tokio::time::timeout(Duration::from_millis(700), portal.ready()).await;
    assert!(too_early.is_err());
    assert!(!portal.health().connected);
    cluster.broker_up(-1).expect("up");
    tokio::time::timeout(Duration::from_secs(40), portal.ready()).await.expect("ready");
    let mut alice = listen(&portal, ALICE, None).await;
    replies(&world, 0..1).await;
    assert_eq!(alice.numbers(1).await, [0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_67_a_node_that_stalls_and_one_that_is_killed_cost_no_event() {
    let mut node = tokio::task::spawn_blocking(Node::start).await.expect("Kafka starts");
    let bootstrap_servers = format!("127.0.0.1:{}", node.port);
    let world = World::on(Arc::new(kafka(&bootstrap_servers)), bootstrap_servers);
    let (one, two) = (world.instance().await, world.instance().await);
    let mut alice = listen(&one, ALICE, None).await;
    replies(&world, 0..20).await;
    assert_eq!(sorted(alice.numbers(20).await), (0..20).collect::<Vec<_>>());
    let id = alice.last_event_id.clone();
    let faults = tokio::task::spawn_blocking(move || {
        node.stall(Duration::from_secs(4));
        std::thread::sleep(Duration::from_millis(500));
        node.kill_and_restart(Duration::from_millis(500));
        node
    });
    let (_node, ()) = tokio::join!(faults, persistent_replies(&world, 20..400));
    assert_eq!(sorted(alice.numbers(380).await), (20..400).collect::<Vec<_>>());
    let mut late = listen(&two, ALICE, Some(&id)).await;
    assert_eq!(sorted(late.numbers(380).await), (20..400).collect::<Vec<_>>());
    alice.assert_quiet().await;
    late.assert_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_68_a_consumer_that_is_stuck_or_dead_is_made_anew() {
    // It fails with nothing to read, or as the instance starts and has to catch up.
    let flaws = [Flaw::Silent, Flaw::Deaf, Flaw::Fatal];
    for (flaw, before) in flaws.into_iter().flat_map(|flaw| [(flaw, 0), (flaw, 20)]) {
        let mut world = World::embedded().await;
        world.log.ensure_topics(&world.topics()).await.expect("the topics are made");
        replies(&world, 0..before).await;
        world.log = Arc::new(Flawed::once(world.log, flaw));
        let portal = world
            .instance_with(|config| {
                config.stalled_after = Duration::from_millis(500);
                config.stuck_after = Duration::from_secs(1);
            })
            .await;
        let mut alice = listen(&portal, ALICE, None).await;
        replies(&world, before..before + 20).await;
        assert_eq!(sorted(alice.numbers(20).await), (before..before + 20).collect::<Vec<_>>());
        assert_eq!(portal.metrics().consumer_restarts.get(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_68_an_instance_whose_consumer_stays_dead_is_not_ready_until_one_has_read_what_was_missed() {
    for flaw in [Flaw::Silent, Flaw::Deaf, Flaw::Fatal] {
        let mut world = World::embedded().await;
        let flawed = Arc::new(Flawed::once(world.log, flaw));
        world.log = flawed.clone();
        let portal = world
            .instance_with(|config| {
                config.stalled_after = Duration::from_secs(1);
                config.stuck_after = Duration::from_secs(2);
            })
            .await;
        let mut alice = listen(&portal, ALICE, None).await;
        replies(&world, 0..20).await;
        assert_eq!(sorted(alice.numbers(20).await), (0..20).collect::<Vec<_>>());
        until("one failure, mended, is no trouble", || portal.health().consumer.is_none()).await;

        flawed.goes_on(flaw);
        let consumers = flawed.consumers();
        // The consumer at work works; the one that takes its place, now that there is another topic, does not.
        let later = TopicSpec { name: format!("{}.later", world.topic).into(), partitions: 1 };
        portal.declare_topics(&[later]).await.expect("the topic is made");
        until("another consumer begins", || flawed.consumers() > consumers).await;
        if let Flaw::Fatal = flaw {
            until("it is in trouble though there is nothing to read", || portal.health().consumer.is_some())
                .await;
        }
        replies(&world, 20..40).await;
        // Others' events come and go: that some partitions go on says nothing of the one that does not.
        let busy = async {
            for n in 0..u64::MAX {
                world.write(&format!("key{n}"), &cloud_event("acme", Some("bob"), REPLY, n)).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            () = busy => {}
            () = until("it is in trouble", || portal.health().consumer.is_some()) => {}
        }
        flawed.ends();
        assert_eq!(sorted(alice.numbers(20).await), (20..40).collect::<Vec<_>>());
        until("it is over", || portal.health().consumer.is_none()).await;
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let holds = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), holds)
        .await
        .unwrap_or_else(|_| panic!("it never happened: {what}"));
}
