//! Faults under load: three Kafka nodes and two portals, which a schedule kills, stalls, fills up and restarts while events
//! flow; then everything that was acknowledged is compared with everything that clients got (issue: events without loss).
//!
//! A seed decides the schedule. Without further words one short schedule runs; `make soak` has it go on.

#[path = "../../stream/tests/behaviour/node.rs"]
#[expect(dead_code, reason = "the tests of the event path use more of it")]
mod node;
#[path = "../storage/postgres.rs"]
#[expect(dead_code, reason = "the tests of stores use more of it")]
mod postgres;
#[path = "../http/test_app/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests over HTTP use more of it")]
mod test_app;

mod client;
mod cluster;
mod dice;
mod injector;
mod ledger;
mod people;
mod portals;
mod publishers;
mod report;
mod schedule;
mod signing;
mod soak;
mod world;
