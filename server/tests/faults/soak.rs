//! Schedules, one after the other, in one world.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::injector::{Injected, Injector};
use crate::ledger::Outcome;
use crate::report::{self, Row};
use crate::schedule::{Fault, Pace, schedule};
use crate::world::{Load, World};

/// The schedule that every run of the tests has.
const SEED: u64 = 6;

/// `SOAK_SECONDS`: schedules begin until so much time has passed; without it, one short schedule.
/// `SOAK_SEED`: the first one's seed; the next ones count on from it.
/// `SOAK_REPORT`: a file for the tables.
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn number(name: &str) -> Option<u64> {
    setting(name).map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value:?}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn case_67_faults_under_load_lose_nothing_repeat_nothing_and_tell_nobody_else() {
    let soak = number("SOAK_SECONDS").map(Duration::from_secs);
    let first = number("SOAK_SEED").unwrap_or(SEED);
    let pace = match soak {
        None => Pace { stall: Duration::from_secs(4), at_once: false },
        Some(_) => Pace { stall: Duration::from_secs(60), at_once: true },
    };
    eprintln!("starting three Kafka nodes and two portals");
    let world = World::start().await;
    let begun = Instant::now();
    let mut rows: Vec<Row> = Vec::new();
    for seed in first.. {
        rows.push(run(&world, seed, pace).await);
        eprintln!("{}", report::table(&rows));
        if soak.is_none_or(|soak| begun.elapsed() >= soak) {
            break;
        }
    }
    let tables = format!("{}\n{}", report::table(&rows), report::faults(&rows));
    if let Some(file) = setting("SOAK_REPORT") {
        std::fs::write(&file, tables).unwrap_or_else(|error| panic!("{file} cannot be written: {error}"));
    }
}

/// One schedule under load, from the first stream to the last event.
async fn run(world: &Arc<World>, seed: u64, pace: Pace) -> Row {
    let begun = Instant::now();
    let steps = schedule(seed, pace);
    let names: Vec<_> = steps.iter().map(|step| step.fault.name()).collect();
    eprintln!("seed {seed}: {}", names.join(", "));
    let mut load = Load::start(world, seed).await;
    let mut injector = Injector { world, load: &mut load, injected: Vec::new() };
    for step in steps {
        injector.carry_out(&step).await;
    }
    let injected = injector.injected;
    let outcome = load.settle().await;
    let row = Row { seed, took: begun.elapsed(), injected, outcome };
    judge(world, &load, &row).await;
    row
}

async fn judge(world: &World, load: &Load, row: &Row) {
    for fault in Fault::ALL {
        let mut of = row.injected.iter().filter(|injected| injected.fault == fault);
        let under_load = |injected: &Injected| injected.in_flight > 0 && injected.streams != Some(0);
        assert!(of.any(under_load), "{} under load: {row:?}", fault.name());
    }
    let Outcome { acknowledged, received, lost, doubled, foreign, .. } = row.outcome;
    assert!(acknowledged > 0 && received > 0, "{row:?}");
    let wrong = (lost, doubled, foreign) != (0, 0, 0);
    if wrong {
        let (missing, logs) = (load.ledger().missing(), world.portals.logs().await);
        panic!("seed {}: {:?}\nmissing: {missing:#?}\n{logs}", row.seed, row.outcome);
    }
}
