use std::sync::Arc;

use bytes::Bytes;

use super::{Attached, Hub, Memory, ResetReason, Subscriber, Taken};
use crate::{
    IdKey, StreamConfig, StreamMetrics,
    log::{LogRecord, PartitionState},
    position::{IdCodec, Position, TopicPosition},
    subscription::Cursor,
};

const TOPIC: &str = "topic";

/// A hub that follows one topic of two partitions from their beginning.
fn hub() -> Hub {
    let key = IdKey::new(&[1; 32]).expect("32 bytes");
    let codec = IdCodec::new(&key, &[], "log");
    let hub = Hub::new(codec, StreamConfig::new(key), Arc::new(StreamMetrics::default()));
    hub.declare(&TOPIC.into());
    assert!(hub.follow(&TOPIC.into(), 0, 0));
    assert!(hub.follow(&TOPIC.into(), 1, 0));
    hub
}

fn record(partition: i32, offset: i64, user: &str) -> LogRecord {
    let json = format!(
        r#"{{"specversion":"1.0","id":"{partition}-{offset}","source":"s","type":"a.b","orgid":"acme","userid":"{user}"}}"#
    );
    let (topic, timestamp) = (TOPIC.into(), 1000 + offset);
    LogRecord { topic, partition, offset, timestamp, value: Some(Bytes::from(json)) }
}

fn open(hub: &Hub, user: &str) -> Arc<Subscriber> {
    hub.open(&format!("session of {user}"), "acme", user, &["a.b".into()]).expect("admitted")
}

fn taken(subscriber: &Subscriber) -> Vec<String> {
    match subscriber.take(None) {
        Taken::Frames(frames) => {
            frames.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect()
        }
        _ => Vec::new(),
    }
}

fn place(next: &[i64]) -> TopicPosition {
    TopicPosition { name: TOPIC.into(), next: next.to_vec(), anchor: None }
}

fn states(lows: [i64; 2]) -> Vec<PartitionState> {
    let state =
        |(partition, low): (i32, i64)| PartitionState { topic: TOPIC.into(), partition, low, high: low };
    (0..).zip(lows).map(state).collect()
}

#[test]
fn a_record_read_twice_is_delivered_once() {
    let hub = hub();
    let alice = open(&hub, "alice");
    hub.attach_now(&alice);
    hub.dispatch(vec![record(0, 0, "alice"), record(0, 0, "alice")]);
    hub.dispatch(vec![record(0, 0, "alice")]);
    assert_eq!(taken(&alice).len(), 1);
}

#[test]
fn retention_that_overtakes_one_partition_leaves_the_other_where_it_was() {
    let hub = hub();
    let alice = open(&hub, "alice");
    hub.attach_now(&alice);
    hub.dispatch(vec![record(0, 0, "alice"), record(1, 0, "alice")]);
    hub.start_over(&states([7, 0]), ResetReason::Expired);
    assert_eq!(hub.position().topics[0].next, [7, 1]);
    let frames = taken(&alice);
    assert_eq!(frames.len(), 3);
    assert!(frames[2].starts_with("event: reset\n") && frames[2].contains("expired"));
    hub.dispatch(vec![record(0, 7, "alice"), record(1, 1, "alice")]);
    assert_eq!(taken(&alice).len(), 2);
}

#[test]
fn a_recreated_topic_may_repeat_ids_and_they_stand_in_history_again() {
    let hub = hub();
    hub.dispatch(vec![record(0, 0, "alice")]);
    hub.start_over(&states([0, 0]), ResetReason::Recreated);
    hub.dispatch(vec![record(0, 0, "alice")]);
    let (alice, mut cursor) = (open(&hub, "alice"), Cursor::new(Position { topics: vec![place(&[0, 0])] }));
    let Attached::Live(frames) = hub.attach(&alice, &mut cursor) else { panic!("it is all in memory") };
    assert_eq!(frames.len(), 1);
}

#[test]
fn a_place_is_recalled_by_its_anchor() {
    let hub = hub();
    hub.dispatch(vec![record(0, 0, "alice"), record(0, 1, "bob"), record(1, 0, "carol")]);
    let mut known = place(&[0, 0]);
    known.advance(0, 0, 1000);
    assert_eq!(hub.recall(&known), Memory::Passed);
    let mut other = place(&[0, 0]);
    other.advance(0, 0, 999);
    assert_eq!(hub.recall(&other), Memory::Differs);
    let mut ahead = place(&[0, 0]);
    ahead.advance(1, 5, 1005);
    assert_eq!(hub.recall(&ahead), Memory::Unknown);
}

#[test]
fn the_cursor_moves_only_past_what_was_handed_out() {
    let hub = hub();
    hub.dispatch((0..5).map(|offset| record(0, offset, "alice")).collect());
    let (alice, mut cursor) = (open(&hub, "alice"), Cursor::new(Position { topics: vec![place(&[3, 0])] }));
    let Attached::Live(frames) = hub.attach(&alice, &mut cursor) else { panic!("it is all in memory") };
    assert_eq!(frames.len(), 2);
    assert_eq!(cursor.position, hub.position());
    let mut ahead = Cursor::new(Position { topics: vec![place(&[9, 0])] });
    assert!(matches!(hub.attach(&open(&hub, "bob"), &mut ahead), Attached::Ahead));
}

#[test]
fn a_stream_that_is_gone_leaves_nothing_behind() {
    let hub = hub();
    let (alice, bob) = (open(&hub, "alice"), open(&hub, "bob"));
    hub.attach_now(&alice);
    hub.attach_now(&bob);
    hub.release(&alice);
    hub.release(&alice);
    hub.dispatch(vec![record(0, 0, "alice"), record(0, 1, "bob")]);
    assert!(taken(&alice).is_empty());
    assert_eq!(taken(&bob).len(), 1);
    assert_eq!(hub.open_streams(), 1);
    hub.release(&bob);
    assert_eq!(hub.metrics.streams_closed.get(), 2);
}
