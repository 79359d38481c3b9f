//! One tab takes the lead after another: what random schedules found, one case at a time.

use portico_app::bridge::Connection;
use wasm_bindgen_test::wasm_bindgen_test;

use super::member::{Member, Step};
use super::schedules::{KINDS, PATIENCE, name};
use crate::events::line::RESET;

const ONE: &str = KINDS[0];

#[wasm_bindgen_test]
fn who_follows_a_leader_that_never_told_its_place_is_told_when_another_has_one() {
    let mut first = leader(ONE);
    let mut second = follower(ONE, &mut first);
    exchange(first.fares(Connection::Live), &mut second);
    // An event comes, and the leader is closed before it hears its first ping.
    let mut steps = second.lead();
    steps.extend(second.fares(Connection::Live));
    assert!(opens_at("", &steps) && heard(&steps).is_empty(), "there is no place yet: {steps:?}");
    let mut steps = second.pinged("at 1".into());
    steps.extend(second.pinged("at 1".into()));
    assert_eq!(heard(&steps), [RESET]);
}

fn tab(kind: &str) -> Member {
    let mut tab = Member::new(name, PATIENCE, 0.0);
    tab.need(vec![kind.into()], 0.0);
    tab
}

fn leader(kind: &str) -> Member {
    let mut tab = tab(kind);
    tab.lead();
    tab
}

fn follower(kind: &str, leader: &mut Member) -> Member {
    let mut tab = tab(kind);
    follow(&mut tab, leader);
    tab
}

/// A tab asks a leader until it has an answer; returns what it does then.
fn follow(tab: &mut Member, leader: &mut Member) -> Vec<Step> {
    let mut steps = tab.ask(0.0);
    while steps.iter().any(|step| matches!(step, Step::Post(_))) {
        steps = exchange(exchange(steps, leader), tab);
    }
    steps
}

/// Has another tab hear what one posts; returns what it does then.
fn exchange(steps: Vec<Step>, to: &mut Member) -> Vec<Step> {
    let hear = |step| if let Step::Post(message) = step { to.heard(message, 0.0) } else { Vec::new() };
    steps.into_iter().flat_map(hear).collect()
}

/// What a tab's remotes hear: an event's data, or `reset`.
fn heard(steps: &[Step]) -> Vec<&str> {
    let told = steps.iter().filter_map(|step| match step {
        Step::Deliver(frame) => Some(if frame.kind == RESET { RESET } else { frame.data.as_str() }),
        _ => None,
    });
    told.collect()
}

fn opens_at(place: &str, steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Open { id, .. } if id == place))
}
