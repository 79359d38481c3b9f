//! Everything that a run needs, started once, and the load on it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portico_stream::{EventLog as _, KafkaLog, LogRange, LogRecord, ReadLimit};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, block_in_place};

use crate::client;
use crate::cluster::Cluster;
use crate::ledger::{Key, Ledger, Outcome, key};
use crate::people::{PEOPLE, Person, Provider};
use crate::portals::{Portals, TOPICS};
use crate::publishers;
use crate::test_app::Browser;

/// Streams that each person has open.
pub const CLIENTS_PER_PERSON: usize = 2;
/// Who publishes through the portals, and who past them.
const PUBLISHERS: usize = 8;
const SERVICES: usize = 4;
/// How long the last events may take to arrive.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct World {
    pub cluster: Cluster,
    pub portals: Portals,
    /// One for each of [`PEOPLE`], signed in.
    pub browsers: Vec<Browser>,
    /// A service's own way to Kafka.
    pub service: KafkaLog,
    _provider: Provider,
}

/// One schedule's part of it.
pub struct Round {
    pub world: Arc<World>,
    pub ledger: Ledger,
    pub seed: u64,
}

/// Who makes events, and who gets them.
pub struct Load {
    round: Arc<Round>,
    makers: JoinSet<()>,
    clients: JoinSet<()>,
    no_more: watch::Sender<bool>,
    leave: watch::Sender<bool>,
}

impl World {
    pub async fn start() -> Arc<Self> {
        let cluster = block_in_place(Cluster::start);
        let provider = Provider::start().await;
        let portals = Portals::start(provider.issuer(), &cluster.bootstrap_servers()).await;
        let mut browsers = Vec::new();
        for person in &PEOPLE {
            let browser = Browser::at(&portals.origins[0]);
            provider.login(&browser, person).await;
            browsers.push(browser);
        }
        block_in_place(|| cluster.becomes_whole(&TOPICS));
        let service = cluster.log();
        Arc::new(Self { cluster, portals, browsers, service, _provider: provider })
    }

    /// How often each event stands in Kafka.
    async fn copies(&self) -> HashMap<Key, usize> {
        let limit = ReadLimit { records: 10_000, bytes: 8 << 20, patience: Duration::from_secs(60) };
        let mut copies = HashMap::new();
        let partitions = self.service.partitions(&TOPICS.map(Into::into)).await.expect("Kafka answers");
        for state in partitions {
            let (topic, partition) = (state.topic, state.partition);
            let mut range = LogRange { topic, partition, from: state.low, to: state.high };
            while range.from < range.to {
                let batch = self.service.read(vec![range.clone()], limit).await.expect("Kafka answers");
                let Some(last) = batch.records.last() else { break };
                range.from = last.offset + 1;
                for record in &batch.records {
                    *copies.entry(identity(record)).or_default() += 1;
                }
            }
        }
        copies
    }
}

/// The person of each client.
fn clients() -> impl Iterator<Item = &'static Person> {
    PEOPLE.iter().flat_map(|person| [person; CLIENTS_PER_PERSON])
}

/// The `source` and `id` of a record's event.
fn identity(record: &LogRecord) -> Key {
    let header = |name: &str| {
        let mut headers = record.headers.iter().flatten();
        let found = headers.find(|(found, _)| **found == *name).expect("every record is in the binary mode");
        String::from_utf8_lossy(&found.1).into_owned()
    };
    key(&header("ce_source"), &header("ce_id"))
}

impl Load {
    /// Opens every stream, and then begins to publish.
    pub async fn start(world: &Arc<World>, seed: u64) -> Self {
        let round = Arc::new(Round { world: Arc::clone(world), ledger: Ledger::new(clients()), seed });
        let (no_more, leave) = (watch::Sender::new(false), watch::Sender::new(false));
        let (mut makers, mut clients) = (JoinSet::new(), JoinSet::new());
        let (opened, mut all_opened) = mpsc::channel(1);
        for number in 0..PEOPLE.len() * CLIENTS_PER_PERSON {
            let (round, opened) = (Arc::clone(&round), opened.clone());
            clients.spawn(client::listen(round, number, opened, leave.subscribe()));
        }
        drop(opened);
        assert_eq!(all_opened.recv().await, None, "every client drops its end once it has an id");
        for number in 0..PUBLISHERS {
            makers.spawn(publishers::publish(Arc::clone(&round), number, no_more.subscribe()));
        }
        for number in 0..SERVICES {
            makers.spawn(publishers::serve(Arc::clone(&round), number, no_more.subscribe()));
        }
        Self { round, makers, clients, no_more, leave }
    }

    /// What it keeps.
    pub fn ledger(&self) -> &Ledger {
        &self.round.ledger
    }

    /// Fails if anybody has given up.
    pub fn goes_on(&mut self) {
        let ended = self.makers.try_join_next().or_else(|| self.clients.try_join_next());
        if let Some(Err(error)) = ended {
            std::panic::resume_unwind(error.into_panic());
        }
    }

    /// Lets what is under way be acknowledged and arrive; what came of it all.
    pub async fn settle(&mut self) -> Outcome {
        self.no_more.send_replace(true);
        while let Some(ended) = self.makers.join_next().await {
            ended.expect("every event is acknowledged in the end");
        }
        self.arrive().await;
        // Once these are there, nothing that came before them is still to come.
        publishers::mark(&self.round).await;
        self.arrive().await;
        self.leave.send_replace(true);
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("no client gave up");
        }
        self.round.ledger.outcome(&self.round.world.copies().await)
    }

    /// Waits until everything has arrived, or never will.
    async fn arrive(&mut self) {
        let begun = Instant::now();
        while self.round.ledger.in_flight() > 0 && begun.elapsed() < PATIENCE {
            self.goes_on();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
