//! Three Kafka nodes, each broker and controller, that a test can harm one by one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use portico_stream::{KafkaConfig, KafkaLog};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::metadata::Metadata;

use crate::node::{Node, free_ports};

/// The nodes.
pub const NODES: usize = 3;
/// What a node's disk holds. It is memory, and is taken only when it is used.
const DISK: &str = "256m";
/// How long the cluster may take to be whole again, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(180);

/// A cluster with three replicas of everything. Its end takes the nodes and their data with it.
pub struct Cluster {
    nodes: [Mutex<Node>; NODES],
    ports: [u16; NODES],
    asks: BaseConsumer,
}

impl Cluster {
    /// Starts it and waits until it is whole.
    pub fn start() -> Self {
        let ports = [(); NODES].map(|()| free_ports());
        let voters: Vec<_> =
            (1..).zip(ports).map(|(id, port)| format!("{id}@127.0.0.1:{}", port + 1)).collect();
        let mut ids = 1..;
        let nodes = ports.map(|port| {
            let id = ids.next().unwrap_or_default();
            let voters = voters.join(",");
            let member = format!("id={id}\ncluster=cG9ydGljbydzLWZhdWx0cw\nvoters={voters}\n");
            let node = Node::begin(port, |directory| {
                std::fs::write(directory.join("member"), member).expect("it can be written");
                std::fs::write(directory.join("disk"), DISK).expect("it can be written");
            });
            Mutex::new(node)
        });
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers(&ports)).set("log_level", "0");
        let asks = config.create().expect("a client");
        let cluster = Self { nodes, ports, asks };
        (0..NODES).for_each(|node| cluster.node(node).wait());
        cluster
    }

    /// Where it is: `host:port`, comma-separated.
    pub fn bootstrap_servers(&self) -> String {
        brokers(&self.ports)
    }

    /// A client as services have one.
    pub fn log(&self) -> KafkaLog {
        KafkaLog::new(KafkaConfig::new(self.bootstrap_servers())).expect("a client")
    }

    /// One of the nodes, counted from 0. Its methods block.
    pub fn node(&self, node: usize) -> MutexGuard<'_, Node> {
        self.nodes[node].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node that leads the `n`-th partition of these topics, and how many of them it leads.
    pub fn leader(&self, topics: &[&str], n: usize) -> (usize, usize) {
        self.once(|metadata| {
            let of = metadata.topics().iter().filter(|topic| topics.contains(&topic.name()));
            let leaders: Vec<_> =
                of.flat_map(|topic| topic.partitions()).map(|partition| partition.leader()).collect();
            let leader = *leaders.get(n % leaders.len().max(1))?;
            let led = leaders.iter().filter(|one| **one == leader).count();
            Some((usize::try_from(leader).ok()?.checked_sub(1)?, led))
        })
    }

    /// The active controller: the leader of the newest epoch that any node has heard of.
    pub fn controller(&self) -> usize {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let states = (0..NODES).filter_map(|node| {
                let state = self.node(node).file("data/__cluster_metadata-0/quorum-state")?;
                let state: serde_json::Value = serde_json::from_str(&state).ok()?;
                Some((state["leaderEpoch"].as_i64()?, state["leaderId"].as_u64()?))
            });
            if let Some((_, leader @ 1..)) = states.max() {
                return usize::try_from(leader).expect("three nodes") - 1;
            }
            assert!(Instant::now() < deadline, "the cluster has no controller");
            sleep(Duration::from_millis(100));
        }
    }

    /// Waits until every replica of these topics is in sync.
    pub fn becomes_whole(&self, topics: &[&str]) {
        self.once(|metadata| {
            let found = || metadata.topics().iter().filter(|topic| topics.contains(&topic.name()));
            let partitions = || found().flat_map(|topic| topic.partitions());
            let whole = found().count() == topics.len()
                && partitions().count() >= topics.len()
                && metadata.brokers().len() == NODES
                && partitions().all(|partition| partition.isr().len() == NODES && partition.leader() > 0);
            whole.then_some(())
        });
    }

    /// Asks until there is an answer.
    fn once<T>(&self, mut look: impl FnMut(&Metadata) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let metadata = self.asks.fetch_metadata(None, Duration::from_secs(2));
            if let Some(found) = metadata.ok().as_ref().and_then(&mut look) {
                return found;
            }
            assert!(Instant::now() < deadline, "the cluster is not whole again");
            sleep(Duration::from_millis(100));
        }
    }
}

fn brokers(ports: &[u16]) -> String {
    ports.iter().map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",")
}
