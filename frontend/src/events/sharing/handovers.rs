//! One tab takes the lead after another: what random schedules found, one case at a time.

use portico_app::bridge::Connection;
use wasm_bindgen_test::wasm_bindgen_test;

use super::member::{Member, Step};
use super::schedules::{KINDS, PATIENCE, frame, name};
use crate::events::line::RESET;

const ONE: &str = KINDS[0];
const TWO: &str = KINDS[1];

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

#[wasm_bindgen_test]
fn who_goes_back_before_a_reset_is_told_again_as_what_was_missed_then_comes_now() {
    let mut first = leader(ONE);
    let (mut second, mut third) = (follower(ONE, &mut first), follower(ONE, &mut first));
    exchange(first.pinged("at 0".into()), &mut third);
    // Two events come, and the next leader did not hear of the place before them.
    second.lead();
    let mut steps = second.pinged("at 2".into());
    steps.extend(second.received(frame(ONE, 3, "2")));
    assert_eq!(heard(&steps), [RESET, "2"]);
    third.lead();
    second.deposed(0.0);
    let mut steps = follow(&mut second, &mut third);
    steps.extend(exchange(third.received(frame(ONE, 1, "0")), &mut second));
    assert_eq!(heard(&steps), [RESET, "0"]);
}

#[wasm_bindgen_test]
fn numbers_of_a_stream_with_other_types_say_nothing_of_what_was_before_a_tab_s_time() {
    let mut first = leader(ONE);
    let mut second = follower(ONE, &mut first);
    exchange(first.pinged("at 0".into()), &mut second);
    let _other = follower(TWO, &mut first);
    first.received(frame(TWO, 1, "0"));
    first.received(frame(TWO, 2, "1"));
    let mut late = follower(ONE, &mut first);
    assert_eq!(heard(&exchange(first.received(frame(ONE, 3, "2")), &mut late)), ["2"]);
    // The next leader stands before all that, and knows nothing of the other type.
    second.lead();
    let mut steps = follow(&mut late, &mut second);
    for (at, data) in [(3, "2"), (4, "3")] {
        steps.extend(exchange(second.received(frame(ONE, at, data)), &mut late));
    }
    assert_eq!(heard(&steps), [RESET, "2", "3"], "what it knows already is dropped later");
}

#[wasm_bindgen_test]
fn nor_do_numbers_once_the_types_change_while_that_comes_again() {
    let mut first = leader(ONE);
    let mut second = follower(ONE, &mut first);
    exchange(first.pinged("at 0".into()), &mut second);
    first.received(frame(ONE, 1, "0"));
    first.received(frame(ONE, 2, "1"));
    let mut late = follower(ONE, &mut first);
    second.lead();
    let mut steps = follow(&mut late, &mut second);
    steps.extend(exchange(second.received(frame(ONE, 1, "0")), &mut late));
    assert!(heard(&steps).is_empty(), "it was before its time: {steps:?}");
    second.need(vec![ONE.into(), TWO.into()], 0.0);
    assert_eq!(heard(&exchange(second.fares(Connection::Connecting), &mut late)), [RESET]);
}

#[wasm_bindgen_test]
fn nor_do_numbers_of_a_leader_that_was_led_back_to_a_place_that_it_had_not_heard_of() {
    let mut first = leader(ONE);
    let (mut second, mut third) = (follower(ONE, &mut first), follower(ONE, &mut first));
    exchange(first.pinged("at 0".into()), &mut second);
    second.lead();
    second.received(frame(ONE, 1, "0"));
    second.received(frame(ONE, 3, "2"));
    let mut late = follower(ONE, &mut second);
    assert_eq!(heard(&exchange(second.received(frame(ONE, 4, "3")), &mut late)), ["3"]);
    third.lead();
    third.need(vec![ONE.into(), TWO.into()], 0.0);
    let mut steps = follow(&mut late, &mut third);
    for (kind, at, data) in [(ONE, 1, "0"), (TWO, 2, "1"), (ONE, 3, "2")] {
        steps.extend(exchange(third.received(frame(kind, at, data)), &mut late));
    }
    assert_eq!(heard(&steps), [RESET, "0", "1", "2"]);
}

#[wasm_bindgen_test]
fn a_leader_without_a_place_goes_on_from_that_of_a_stranger_and_then_from_no_other() {
    let (mut near, mut far) = (stranger("at 4"), stranger("at 5"));
    let mut leader = leader(ONE);
    leader.fares(Connection::Live);
    let steps = exchange(far.ask(0.0), &mut leader);
    assert!(opens_at("at 5", &steps), "{steps:?}");
    assert_eq!(heard(&steps), [RESET], "its stream may have begun before that");
    assert!(heard(&follow(&mut far, &mut leader)).is_empty());
    assert_eq!(heard(&follow(&mut near, &mut leader)), [RESET]);
    assert!(heard(&follow(&mut far, &mut leader)).is_empty());
}

#[wasm_bindgen_test]
fn a_leader_that_has_a_place_stays_there_though_it_received_nothing_yet() {
    let mut far = stranger("at 5");
    let mut leader = leader(ONE);
    leader.pinged("at 1".into());
    assert_eq!(heard(&follow(&mut far, &mut leader)), [RESET]);
    assert_eq!(heard(&exchange(leader.received(frame(ONE, 2, "1")), &mut far)), ["1"]);
}

#[wasm_bindgen_test]
fn a_stranger_that_stands_where_the_leader_stands_lacks_nothing() {
    let mut other = stranger("at 1");
    let mut leader = leader(ONE);
    leader.pinged("at 1".into());
    assert!(heard(&follow(&mut other, &mut leader)).is_empty());
    assert_eq!(heard(&exchange(leader.received(frame(ONE, 2, "1")), &mut other)), ["1"]);
}

#[wasm_bindgen_test]
fn a_stranger_that_waits_there_for_its_time_to_come_again_is_told() {
    let mut first = leader(ONE);
    let mut second = follower(ONE, &mut first);
    exchange(first.pinged("at 0".into()), &mut second);
    first.received(frame(ONE, 1, "0"));
    let mut late = follower(ONE, &mut first);
    second.lead();
    assert!(heard(&follow(&mut late, &mut second)).is_empty());
    let mut leader = leader(ONE);
    leader.pinged("at 0".into());
    assert_eq!(heard(&follow(&mut late, &mut leader)), [RESET]);
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

/// A tab that led others than the ones that are left.
fn stranger(id: &str) -> Member {
    let mut tab = leader(ONE);
    tab.pinged(id.into());
    tab.deposed(0.0);
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
