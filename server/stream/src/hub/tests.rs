use std::sync::Arc;

use bytes::Bytes;

use portico_ports::SystemClock;

use super::{Attached, Frames, Hub, Memory, ResetReason, Subscriber, Taken, heartbeat::SLOTS};
use crate::{
    EventType, IdKey, KeyId, Keyring, SigningKey, StreamConfig, StreamMetrics,
    binding::{self, Attributes},
    log::{LogRecord, PartitionState},
    position::{IdCodec, Position, TopicPosition},
    signature::{HEADER, Message},
    subscription::Cursor,
};

const TOPIC: &str = "topic";

/// A hub that follows one topic of two partitions from their beginning.
pub(super) fn hub() -> Arc<Hub> {
    let key = IdKey::new(&[1; 32]).expect("32 bytes");
    let codec = IdCodec::new(&key, &[], "log");
    hub_with(codec, StreamConfig::new(key, keyring()))
}

fn hub_with(codec: IdCodec, config: StreamConfig) -> Arc<Hub> {
    let hub = Arc::new(Hub::new(codec, config, Arc::new(SystemClock), Arc::new(StreamMetrics::default())));
    hub.declare(&TOPIC.into());
    assert!(hub.follow(&TOPIC.into(), 0, 0));
    assert!(hub.follow(&TOPIC.into(), 1, 0));
    hub
}

fn keyring() -> Arc<Keyring> {
    let ring = Keyring::default();
    let id: KeyId = "portal-1".parse().expect("an id");
    ring.sign_with(id, SigningKey::new(&[1; 32]).expect("32 bytes"));
    Arc::new(ring)
}

pub(super) fn record(partition: i32, offset: i64, user: &str) -> LogRecord {
    record_for(partition, offset, Some(user))
}

/// For one person, or for everybody in the organization.
fn record_for(partition: i32, offset: i64, user: Option<&str>) -> LogRecord {
    let id = format!("{partition}-{offset}");
    let attributes =
        [("specversion", "1.0"), ("id", &id), ("source", "@a/b"), ("type", "a.b"), ("orgid", "acme")];
    let attributes = attributes.into_iter().chain(user.map(|user| ("userid", user)));
    let attributes = attributes.map(|(name, value)| (name.into(), value.into())).collect();
    let attributes = Attributes::new(attributes).expect("distinct");
    let user = user.unwrap_or("acme");
    let message = Message { topic: TOPIC, key: user.as_bytes(), attributes: &attributes, data: b"" };
    let signature = keyring().sign(&message).expect("a key");
    let mut record = binding::binary(&TOPIC.into(), user, &attributes, Bytes::new());
    record.headers.push((HEADER.into(), signature));
    let headers = record.headers.into_iter().map(|(name, value)| (name.as_ref().into(), value.into()));
    LogRecord {
        topic: TOPIC.into(),
        partition,
        offset,
        timestamp: 1000 + offset,
        key: Some(Bytes::copy_from_slice(user.as_bytes())),
        headers: Some(headers.collect()),
        value: Some(record.value),
    }
}

pub(super) fn open(hub: &Hub, user: &str) -> Arc<Subscriber> {
    let types = [EventType { kind: "a.b".into(), topic: TOPIC.into() }];
    hub.open(&format!("session of {user}"), "acme", user, &types).expect("admitted")
}

/// All that waits, portion after portion.
fn taken(hub: &Hub, subscriber: &Subscriber) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let frames = match hub.take(subscriber, None) {
            Taken::Frames(Frames::One(frame)) => vec![frame],
            Taken::Frames(Frames::Many(frames)) => frames,
            _ => return all,
        };
        all.extend(frames.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()));
    }
}

/// The events that a stream gets on its way to the present, all of which is in memory.
fn caught_up(hub: &Hub, subscriber: &Arc<Subscriber>, cursor: &mut Cursor) -> Vec<String> {
    let Attached::Live(frames) = hub.attach(subscriber, cursor) else { panic!("it is all in memory") };
    events(&String::from_utf8(frames.concat()).expect("text"))
}

/// The ids of the events in a stream's text.
fn events(text: &str) -> Vec<String> {
    let ids = text.split("\"id\":\"").skip(1);
    ids.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
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
    assert_eq!(taken(&hub, &alice).len(), 1);
}

#[test]
fn retention_that_overtakes_one_partition_leaves_the_other_where_it_was() {
    let hub = hub();
    let alice = open(&hub, "alice");
    hub.attach_now(&alice);
    hub.dispatch(vec![record(0, 0, "alice"), record(1, 0, "alice")]);
    hub.start_over(&states([7, 0]), ResetReason::Expired);
    assert_eq!(hub.position().topics[0].next, [7, 1]);
    let frames = taken(&hub, &alice);
    assert_eq!(frames.len(), 3);
    assert!(frames[2].starts_with("event: reset\n"), "{}", frames[2]);
    assert!(frames[2].contains(r#"{"reason":"expired","types":["a.b"]}"#), "{}", frames[2]);
    hub.dispatch(vec![record(0, 7, "alice"), record(1, 1, "alice")]);
    assert_eq!(taken(&hub, &alice).len(), 2);
}

#[test]
fn a_recreated_topic_may_repeat_ids_and_they_stand_in_history_again() {
    let hub = hub();
    hub.dispatch(vec![record(0, 0, "alice")]);
    hub.start_over(&states([0, 0]), ResetReason::Recreated);
    hub.dispatch(vec![record(0, 0, "alice")]);
    let (alice, mut cursor) = (open(&hub, "alice"), Cursor::new(Position { topics: vec![place(&[0, 0])] }));
    assert_eq!(caught_up(&hub, &alice, &mut cursor), ["0-0"]);
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
    assert_eq!(caught_up(&hub, &alice, &mut cursor), ["0-3", "0-4"]);
    assert_eq!(cursor.position, hub.position());
    let mut ahead = Cursor::new(Position { topics: vec![place(&[9, 0])] });
    assert!(matches!(hub.attach(&open(&hub, "bob"), &mut ahead), Attached::Ahead));
}

/// However far each is behind, whoever else has just come back from where, and whichever instance he read from before.
#[test]
fn whoever_comes_back_gets_what_he_missed_and_nothing_else() {
    let (mut seed, mut shared) = (1_u64, 0);
    let mut random = |below: i64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) % below.unsigned_abs()) as i64
    };
    for _ in 0..300 {
        let hub = hub();
        let mut next = [0, 0];
        let mut log = Vec::new();
        for _ in 0..random(12) {
            let partition = random(2);
            let user = [Some("alice"), Some("bob"), None, None][random(4) as usize];
            hub.dispatch(vec![record_for(partition as i32, next[partition as usize], user)]);
            log.push((partition as usize, next[partition as usize], user));
            next[partition as usize] += 1;
        }
        let mut last = Bytes::new();
        for _ in 0..6 {
            let user = ["alice", "bob"][random(2) as usize];
            let from = [random(next[0] + 1), random(next[1] + 1)];
            let expected = log.iter().filter(|(partition, offset, whose)| {
                *offset >= from[*partition] && whose.is_none_or(|whose| whose == user)
            });
            let expected: Vec<_> =
                expected.map(|(partition, offset, _)| format!("{partition}-{offset}")).collect();
            let mut cursor = Cursor::new(Position { topics: vec![place(&from)] });
            let Attached::Live(frames) = hub.attach(&open(&hub, user), &mut cursor) else {
                panic!("in memory")
            };
            let text = String::from_utf8(frames.concat()).expect("text");
            assert_eq!(events(&text), expected, "{user} from {from:?} of {log:?}");
            let mut reached = Position { topics: vec![place(&from)] };
            for id in text.lines().filter_map(|line| line.strip_prefix("id: ")) {
                let here = hub.codec.own(id.as_bytes(), &[TOPIC.into()]);
                assert!(
                    reached.is_within(&here),
                    "{user} from {from:?} of {log:?}: {here:?} after {reached:?}"
                );
                reached = here;
            }
            let bytes = frames.into_iter().next().unwrap_or_default();
            shared += usize::from(!bytes.is_empty() && bytes.as_ptr() == last.as_ptr());
            last = bytes;
        }
    }
    assert!(shared > 30, "{shared} got the bytes of the one before");
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
    assert!(taken(&hub, &alice).is_empty());
    assert_eq!(taken(&hub, &bob).len(), 1);
    assert_eq!(hub.open_streams(), 1);
    hub.release(&bob);
    assert_eq!(hub.metrics.streams_closed.get(), 2);
}

#[test]
fn a_frame_between_two_others_keeps_its_place_though_it_is_for_one_stream_alone() {
    let hub = hub();
    let alice = open(&hub, "alice");
    hub.attach_now(&alice);
    hub.dispatch(vec![record(0, 0, "alice")]);
    hub.start_over(&states([5, 0]), ResetReason::Expired);
    hub.dispatch(vec![record(0, 5, "alice"), record(1, 0, "bob")]);
    let frames = taken(&hub, &alice);
    let kinds: Vec<_> = frames.iter().map(|frame| frame.lines().next().unwrap_or_default()).collect();
    assert_eq!(kinds, ["event: a.b", "event: reset", "event: a.b"]);
}

#[test]
fn case_70_what_a_slow_reader_has_not_taken_is_kept_once_and_cuts_it_when_it_is_forgotten() {
    let key = IdKey::new(&[1; 32]).expect("32 bytes");
    let mut config = StreamConfig::new(key.clone(), keyring());
    config.history.bytes = 2000;
    let hub = hub_with(IdCodec::new(&key, &[], "log"), config);
    let (slow, quick) = (open(&hub, "alice"), open(&hub, "alice"));
    hub.attach_now(&slow);
    hub.attach_now(&quick);
    for offset in 0..20 {
        hub.dispatch(vec![record(0, offset, "alice")]);
        assert_eq!(taken(&hub, &quick).len(), 1);
    }
    assert!(matches!(hub.take(&slow, None), Taken::Lagged));
    assert_eq!(hub.metrics.streams_lagged.get(), 1);
    assert!(matches!(hub.take(&slow, None), Taken::Lagged), "it stays cut, and is counted once");
    assert_eq!(hub.metrics.streams_lagged.get(), 1);
}

#[test]
fn much_that_waits_is_handed_out_in_portions_and_no_ping_claims_more() {
    let hub = hub();
    let alice = open(&hub, "alice");
    hub.attach_now(&alice);
    hub.dispatch((0..400).map(|offset| record(0, offset, "alice")).collect());
    assert_eq!(hub.backlog().frames, 400);
    let Taken::Frames(Frames::Many(first)) = hub.take(&alice, None) else {
        panic!("more than a portion waits")
    };
    assert!(first.len() < 400);
    // More waits, so there is no id of the place after it.
    (0..SLOTS).for_each(|_| hub.ping_some());
    assert_eq!(first.len() + taken(&hub, &alice).len(), 400);
    assert_eq!(hub.backlog().frames, 0);
    (0..SLOTS).for_each(|_| hub.ping_some());
    assert_eq!(taken(&hub, &alice).len(), 1, "nothing waits");
}

#[test]
fn an_event_of_a_type_that_comes_in_another_topic_is_another_one() {
    let hub = hub();
    let types = [EventType { kind: "a.b".into(), topic: "elsewhere".into() }];
    let alice = hub.open("session", "acme", "alice", &types).expect("admitted");
    hub.attach_now(&alice);
    hub.dispatch(vec![record(0, 0, "alice")]);
    assert!(taken(&hub, &alice).is_empty());
}
