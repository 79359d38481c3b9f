//! A producer that Apache Kafka refuses for good: the broker remembers another place, or another holder of its id, than it does.
//!
//! A broker keeps what it knows of producers in a snapshot beside the log, and believes it when it starts. So it is changed while
//! the node is down: the records, all of them acknowledged, stay as they are.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use portico_stream::{AppendError, AppenderState, EventGateway, NewRecord};

use crate::{
    node::Node,
    sse::Source,
    world::{REPLY, World, cloud_event, kafka, listen, signed},
};

const ALICE: (&str, &str) = ("acme", "alice");

/// One node, an instance on it, and a stream that has had what is in the log.
struct Fenced {
    node: Node,
    world: World,
    portal: EventGateway,
    alice: Source,
    partition: PathBuf,
}

impl Fenced {
    async fn start() -> Self {
        let node = tokio::task::spawn_blocking(Node::start).await.expect("Kafka starts");
        let bootstrap_servers = format!("127.0.0.1:{}", node.port);
        let world = World::on(Arc::new(kafka(&bootstrap_servers)), bootstrap_servers);
        let portal = world.instance().await;
        let mut alice = listen(&portal, ALICE, None).await;
        let at = world.log.append(reply(&world, 0)).await.expect("the first producer delivers");
        assert_eq!(alice.numbers(1).await, [0]);
        let partition = node.data().join(format!("{}-{}", world.topic, at.partition));
        Self { node, world, portal, alice, partition }
    }

    /// Ends the node in order, has its files changed, and starts it again.
    fn while_down<T>(&mut self, change: impl FnOnce(&Path) -> T) -> T {
        tokio::task::block_in_place(|| {
            self.node.terminate();
            let made = change(&self.partition);
            self.node.start_again();
            self.node.wait();
            made
        })
    }

    /// Publishes `numbers` one after the other, each of which is acknowledged.
    async fn publish(&self, numbers: Range<u64>) {
        for n in numbers {
            self.world.append(reply(&self.world, n)).await;
        }
    }

    /// The publisher of event `n` is told that it was not taken, and why the client was replaced is known until the new one has
    /// delivered, which is no heir to the old one's troubles. What follows, up to 20, is acknowledged.
    async fn is_replaced_at(&self, n: u64, why: &str) {
        assert_eq!(self.portal.health().appender, AppenderState::default());
        let refused = self.world.log.append(reply(&self.world, n)).await;
        assert!(matches!(refused, Err(AppendError::NotDelivered(_))), "{refused:?}");
        let health = self.portal.health().appender;
        let known = health.failure.as_ref().is_some_and(|failure| failure.contains(why));
        assert!(health.restarts == 1 && known, "{health:?}");
        self.publish(n..20).await;
        assert_eq!(self.portal.health().appender, AppenderState { restarts: 1, failure: None });
    }

    /// Everything acknowledged has arrived, once, on the open stream and on one that begins with `id`.
    async fn nothing_is_lost(&mut self, id: &str, numbers: Range<u64>) {
        let all: Vec<_> = numbers.collect();
        let mut late = listen(&self.portal, ALICE, Some(id)).await;
        assert_eq!(self.alice.numbers(all.len()).await, all);
        assert_eq!(late.numbers(all.len()).await, all);
        self.alice.assert_quiet().await;
        late.assert_quiet().await;
    }
}

fn reply(world: &World, n: u64) -> NewRecord {
    signed(&world.topic, "alice", &cloud_event("acme", Some("alice"), REPLY, n))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_68_a_producer_whose_place_the_broker_has_forgotten_is_replaced_and_nothing_is_lost() {
    let mut fenced = Fenced::start().await;
    let id = fenced.alice.last_event_id.clone();
    let early =
        fenced.while_down(|partition| fs::read(snapshot(partition)).expect("it is written at the end"));
    fenced.publish(1..10).await;
    // The broker starts with what it knew nine records ago.
    fenced.while_down(|partition| fs::write(snapshot(partition), early).expect("written"));

    fenced.is_replaced_at(10, "sequence desynchronization").await;
    fenced.nothing_is_lost(&id, 1..20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_68_a_producer_that_is_fenced_is_replaced_and_nothing_is_lost() {
    let mut fenced = Fenced::start().await;
    let id = fenced.alice.last_event_id.clone();
    // The broker starts with somebody else under the producer's id, of the next epoch.
    fenced.while_down(|partition| {
        let file = snapshot(partition);
        let taken_over = next_epoch(fs::read(&file).expect("it is written at the end"));
        fs::write(file, taken_over).expect("written");
    });
    fenced.is_replaced_at(1, "InvalidProducerEpoch").await;
    fenced.nothing_is_lost(&id, 1..20).await;
}

/// The newest snapshot of a partition's producers: the one whose name, an offset, is the highest.
fn snapshot(partition: &Path) -> PathBuf {
    let files = fs::read_dir(partition).expect("the partition is here").flatten().map(|file| file.path());
    let snapshots = files.filter(|file| file.extension().is_some_and(|extension| extension == "snapshot"));
    snapshots.max().expect("a node that ends in order leaves one")
}

/// The snapshot with the next epoch of its one producer. Version (2 bytes), CRC-32C of the rest (4), how many producers there
/// are (4), and for each its id (8), epoch (2) and more.
fn next_epoch(mut snapshot: Vec<u8>) -> Vec<u8> {
    assert_eq!(snapshot[6..10], 1_u32.to_be_bytes(), "one producer writes here");
    let epoch = i16::from_be_bytes([snapshot[18], snapshot[19]]) + 1;
    snapshot[18..20].copy_from_slice(&epoch.to_be_bytes());
    let sum = crc32c(&snapshot[6..]);
    snapshot[2..6].copy_from_slice(&sum.to_be_bytes());
    snapshot
}

/// CRC-32C (RFC 3720, appendix B.4), bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let bit = |sum: u32, _| (sum >> 1) ^ (0x82f6_3b78 & (sum & 1).wrapping_neg());
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
}

#[test]
fn the_checksum_is_crc_32c() {
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
}
