//! What a run says in the end.

use std::fmt::Write as _;
use std::time::Duration;

use crate::injector::Injected;
use crate::ledger::Outcome;
use crate::schedule::Fault;

/// One schedule and what came of it.
#[derive(Clone, Debug)]
pub struct Row {
    pub seed: u64,
    pub took: Duration,
    pub injected: Vec<Injected>,
    pub outcome: Outcome,
}

/// A table in Markdown: a line for each schedule, and one for all of them.
pub fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| seed | seconds | faults | in flight at each | acknowledged | sent again | more than once in Kafka | streams | received | lost | doubled | foreign | lost, signalled | resets and `lagged` | repeats dropped |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let in_flight: Vec<_> = row.injected.iter().map(|injected| injected.in_flight).collect();
        let least = in_flight.iter().min().copied().unwrap_or_default();
        let most = in_flight.iter().max().copied().unwrap_or_default();
        line(&mut table, &row.seed.to_string(), row, &format!("{least} to {most}"));
    }
    let all = Row {
        seed: 0,
        took: rows.iter().map(|row| row.took).sum(),
        injected: rows.iter().flat_map(|row| row.injected.clone()).collect(),
        outcome: rows.iter().fold(Outcome::default(), |sum, row| sum.plus(&row.outcome)),
    };
    line(&mut table, "all", &all, "");
    table
}

/// How often each fault happened.
pub fn faults(rows: &[Row]) -> String {
    // A rolling restart counts for each node.
    let mut table = String::from("| fault | times |\n|---|---|\n");
    for fault in Fault::ALL {
        let of = rows.iter().flat_map(|row| &row.injected).filter(|injected| injected.fault == fault);
        let _ = writeln!(table, "| {} | {} |", fault.name(), of.count());
    }
    table
}

fn line(table: &mut String, name: &str, row: &Row, in_flight: &str) {
    let Outcome {
        acknowledged,
        sent_again,
        streams,
        received,
        lost,
        doubled,
        foreign,
        signalled,
        told,
        produced_again,
        repeats,
    } = row.outcome;
    let (took, faults) = (row.took.as_secs(), row.injected.len());
    let _ = writeln!(
        table,
        "| {name} | {took} | {faults} | {in_flight} | {acknowledged} | {sent_again} | {produced_again} | {streams} | {received} | {lost} | {doubled} | {foreign} | {signalled} | {told} | {repeats} |"
    );
}
