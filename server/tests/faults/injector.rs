//! Does to nodes and portals what a schedule says, while events are on their way.

use std::time::{Duration, Instant};

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::cluster::NODES;
use crate::portals::TOPICS;
use crate::schedule::{Fault, Step};
use crate::world::{Load, World};

/// How long anything may take that is sure to happen, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many events are on their way at least when something happens.
const LOAD: usize = 5;

/// A fault that happened.
#[derive(Clone, Debug)]
pub struct Injected {
    pub fault: Fault,
    /// Events that were on their way at that moment.
    pub in_flight: usize,
    /// Streams that the portal had open which it happened to.
    pub streams: Option<usize>,
}

/// What injects, and what it has injected.
pub struct Injector<'a> {
    pub world: &'a World,
    pub load: &'a mut Load,
    pub injected: Vec<Injected>,
}

impl Injector<'_> {
    /// Carries a step out and waits until everything is whole again.
    pub async fn carry_out(&mut self, step: &Step) {
        sleep(step.after).await;
        self.load.goes_on();
        match step.fault {
            Fault::LeaderKilled => {
                let (node, led) = block_in_place(|| self.world.cluster.leader(&TOPICS, step.victim));
                self.kill_node(step, node, &format!("leader of {led} partitions")).await;
            }
            Fault::ControllerKilled => {
                let node = block_in_place(|| self.world.cluster.controller());
                self.kill_node(step, node, "the active controller").await;
            }
            Fault::PortalKilled => self.kill_portal(step.victim % 2, step.lasts).await,
            Fault::NodeStalled => self.stall(step).await,
            Fault::DiskFull => self.fill_disk(step).await,
            Fault::RollingRestart => self.restart_all(step).await,
        }
        block_in_place(|| self.world.cluster.becomes_whole(&TOPICS));
        self.world.portals.become_ready().await;
        self.load.goes_on();
    }

    async fn kill_node(&mut self, step: &Step, node: usize, what: &str) {
        self.inject(step.fault, &format!("node {}, {what}", node + 1), None).await;
        block_in_place(|| self.world.cluster.node(node).kill());
        self.meanwhile(step).await;
        self.start_node(node);
    }

    async fn stall(&mut self, step: &Step) {
        let node = step.victim % NODES;
        let victim = format!("node {}, for {} s", node + 1, step.lasts.as_secs());
        self.inject(step.fault, &victim, None).await;
        self.world.cluster.node(node).stop();
        self.meanwhile(step).await;
        self.world.cluster.node(node).go_on();
    }

    async fn fill_disk(&mut self, step: &Step) {
        let node = step.victim % NODES;
        self.inject(step.fault, &format!("node {}", node + 1), None).await;
        self.world.cluster.node(node).fill_disk();
        let begun = Instant::now();
        // A broker that cannot write to its only disk ends itself.
        while self.world.cluster.node(node).is_running() {
            assert!(begun.elapsed() < PATIENCE, "a full disk ends a node");
            self.load.goes_on();
            sleep(Duration::from_millis(100)).await;
        }
        self.meanwhile(step).await;
        self.world.cluster.node(node).free_disk();
        self.start_node(node);
    }

    async fn restart_all(&mut self, step: &Step) {
        for node in (0..NODES).map(|n| (n + step.victim) % NODES) {
            self.inject(step.fault, &format!("node {}", node + 1), None).await;
            block_in_place(|| self.world.cluster.node(node).terminate());
            self.start_node(node);
            block_in_place(|| self.world.cluster.becomes_whole(&TOPICS));
        }
    }

    async fn kill_portal(&mut self, portal: usize, down: Duration) {
        let begun = Instant::now();
        while self.world.portals.streams(portal) == 0 {
            assert!(begun.elapsed() < PATIENCE, "clients have streams at every portal");
            sleep(Duration::from_millis(5)).await;
        }
        let streams = Some(self.world.portals.streams(portal));
        self.inject(Fault::PortalKilled, &format!("portal {}", portal + 1), streams).await;
        self.world.portals.kill(portal, down).await;
    }

    /// While a node is away: lets time pass, and perhaps a portal die.
    async fn meanwhile(&mut self, step: &Step) {
        sleep(step.lasts / 2).await;
        if let Some(portal) = step.portal {
            self.kill_portal(portal, step.lasts / 4).await;
        }
        sleep(step.lasts / 2).await;
    }

    fn start_node(&self, node: usize) {
        let mut node = self.world.cluster.node(node);
        node.start_again();
        block_in_place(|| node.wait());
    }

    /// Waits for a moment when events are on their way, and takes it down.
    async fn inject(&mut self, fault: Fault, victim: &str, streams: Option<usize>) {
        let begun = Instant::now();
        let in_flight = loop {
            match self.load.ledger().in_flight() {
                enough @ LOAD.. => break enough,
                _ => sleep(Duration::from_millis(1)).await,
            }
            assert!(begun.elapsed() < PATIENCE, "{LOAD} events are on their way");
        };
        eprintln!("  {}: {victim}; {in_flight} events on their way", fault.name());
        self.injected.push(Injected { fault, in_flight, streams });
    }
}
