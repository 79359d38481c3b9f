use std::sync::Arc;

use futures::FutureExt as _;
use portico_ports::{OsRandom, SystemClock};
use portico_stream::{
    AppendError, Author, ConflictError, EnvelopeError, EventGateway, IncomingEvent, KafkaConfig, KafkaLog,
    LogRange, LogRecord, PartitionState, PublishError, ReadLimit,
};

use crate::{
    sse::{PATIENCE, number},
    world::{CHAT, REPLY, World, listen},
};

const ALICE: (&str, &str) = ("acme", "alice");

pub(crate) fn envelope(extra: &str) -> String {
    format!(r#"{{"specversion":"1.0","source":"{CHAT}","type":"{REPLY}"{extra}}}"#)
}

pub(crate) async fn a_published_event_reaches_its_author_as_it_was_sent(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    let data = r#"{"z":1, "a":12345678901234567890123, "a":"twice", "n":7, "x":1.50}"#;
    let body = envelope(&format!(r#","id":"one","subject":"room-1","myext":"yes","data":{data}"#));
    let published = world.publish(&portal, ALICE, &body).await.expect("published");
    assert_eq!(published.id, "one");
    let event = alice.event().await;
    assert_eq!(event.kind, REPLY);
    assert!(event.data.contains(data), "{}", event.data);
    let json: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
    assert_eq!(json["orgid"], "acme");
    assert_eq!(json["userid"], "alice");
    assert_eq!(json["subject"], "room-1");
    assert_eq!(json["myext"], "yes");
    assert!(json["time"].as_str().is_some_and(|time| time.contains('T')));
    assert_eq!(portal.metrics().published.get(), 1);
}

pub(crate) async fn an_event_gets_an_id_when_it_has_none(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    // An attribute that is `null` is absent.
    for extra in ["", r#","id":null,"subject":null,"datacontenttype":null,"userid":null,"myext":null"#] {
        let body = envelope(&format!(r#"{extra},"data":{{"n":1}}"#));
        let published = world.publish(&portal, ALICE, &body).await.expect("published");
        assert_eq!(published.id.len(), 36);
        let event = alice.event().await;
        assert_eq!(number(&event), 1);
        assert!(event.data.contains(&published.id) && !event.data.contains("null"), "{}", event.data);
    }
    let without = envelope("").replace(&format!("\"{REPLY}\""), "null");
    let refused = world.publish(&portal, ALICE, &without).await;
    assert_eq!(refused, Err(PublishError::Envelope(EnvelopeError::Missing("type"))));
}

pub(crate) async fn case_50_an_event_that_names_another_organization_user_or_remote_is_refused(
    world: &World,
) {
    let portal = world.instance().await;
    for (extra, expected) in
        [(r#","orgid":"globex""#, ConflictError::Organization), (r#","userid":"bob""#, ConflictError::User)]
    {
        let refused = world.publish(&portal, ALICE, &envelope(extra)).await;
        assert_eq!(refused, Err(PublishError::Conflict(expected)));
    }
    let foreign = envelope("").replace(CHAT, "@portico/todos");
    let refused = world.publish(&portal, ALICE, &foreign).await;
    assert_eq!(refused, Err(PublishError::Conflict(ConflictError::Source)));
    let own = envelope(r#","orgid":"acme","userid":"alice""#);
    assert!(world.publish(&portal, ALICE, &own).await.is_ok());
}

pub(crate) async fn an_event_with_a_wrong_envelope_is_refused(world: &World) {
    let portal = world.instance().await;
    let deep = format!(r#","data":{}{}"#, "[".repeat(80), "]".repeat(80));
    let large = format!(r#","data":"{}""#, "x".repeat(300_000));
    for body in [
        "",
        "[]",
        "\u{feff}{}",
        "{",
        r#"{"specversion":"1.0"}"#,
        &envelope("").replace("1.0", "0.3"),
        &envelope("").replace(REPLY, "nodot"),
        &envelope("").replace(REPLY, "a.b\\nevent: c"),
        &envelope(r#","type":"chat.twice""#),
        &envelope(r#","orgid":"acme","orgid":"globex""#),
        &envelope(r#","orgid":7"#),
        &envelope(r#","id":"""#),
        &envelope(r#","id":"a\u0000b""#),
        &envelope(r#","My-Extension":"x""#),
        &envelope(r#","ext":{"a":1}"#),
        &envelope(r#","data":1,"data_base64":"AA==""#),
        &envelope(r#","data_base64":"*""#),
        &envelope(r#","data_base64":"AA==","datacontenttype":"application/json""#),
        &envelope(r#","data":{},"datacontenttype":"text/plain""#),
        &envelope(r#","data":1,"datacontenttype":"application/cloudevents+json""#),
        &envelope(&deep),
        &envelope(&large),
    ] {
        let refused = world.publish(&portal, ALICE, body).await;
        assert!(matches!(refused, Err(PublishError::Envelope(_))), "{body:.80}: {refused:?}");
    }
    assert!(matches!(IncomingEvent::parse(b"\xff"), Err(EnvelopeError::Malformed(_))));
    assert_eq!(portal.metrics().published.get(), 0);
}

pub(crate) async fn case_69_a_log_that_does_not_answer_is_an_error_and_not_a_loss(world: &World) {
    let mut kafka = KafkaConfig::new("127.0.0.1:9");
    kafka.queue_records = 1;
    kafka.delivery_timeout = std::time::Duration::from_millis(600);
    let log = Arc::new(KafkaLog::new(kafka).expect("the configuration is right"));
    let portal =
        EventGateway::start(log, Arc::new(SystemClock), Arc::new(OsRandom), Vec::new(), world.config());
    let topic: Arc<str> = "nowhere".into();
    let publish = || {
        let event = IncomingEvent::parse(envelope("").as_bytes()).expect("an envelope");
        let author = Author { org: "acme", user: "alice", remote: CHAT, traceparent: None };
        portal.publisher().publish(event, author, &topic)
    };
    // Which of them finds room in the queue is not said.
    let (one, other) = tokio::join!(publish(), publish());
    for expected in [AppendError::Timeout, AppendError::QueueFull] {
        let expected = Err(PublishError::Log(expected));
        assert!(one == expected || other == expected, "{expected:?} is neither {one:?} nor {other:?}");
    }
    assert_eq!(portal.metrics().publish_failures.get(), 2);
    assert!(!portal.health().ready);
}

/// Every record that the topic holds.
pub(crate) async fn records(world: &World) -> Vec<LogRecord> {
    let topic = Arc::clone(&world.topic);
    let states = world.log.partitions(std::slice::from_ref(&topic)).await.expect("partitions");
    let range = |state: PartitionState| LogRange {
        topic: state.topic,
        partition: state.partition,
        from: state.low,
        to: state.high,
    };
    let ranges = states.into_iter().filter(|state| state.low < state.high).map(range).collect();
    let limit = ReadLimit { records: 1000, bytes: usize::MAX, patience: PATIENCE };
    world.log.read(ranges, limit).await.expect("the records").records
}

pub(crate) async fn a_record_is_signed_and_has_the_attributes_in_its_headers_and_the_data_alone_as_its_body(
    world: &World,
) {
    let portal = world.instance().await;
    let data = r#"{"b":1,"a":12345678901234567890.10,"b":2}"#;
    let body = envelope(&format!(r#","id":"1","subject":"room-1","tries":3,"data":{data}"#));
    world.publish(&portal, ALICE, &body).await.expect("published");
    let records = records(world).await;
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(record.key.as_deref(), Some(b"alice".as_slice()));
    assert_eq!(record.value.as_deref(), Some(data.as_bytes()));
    let headers = record.headers.as_ref().expect("headers");
    let header = |wanted: &str| {
        let (_, value) =
            headers.iter().find(|(name, _)| **name == *wanted).unwrap_or_else(|| panic!("{wanted}"));
        std::str::from_utf8(value).expect("text")
    };
    for (name, value) in [
        ("content-type", "application/json"),
        ("ce_specversion", "1.0"),
        ("ce_id", "1"),
        ("ce_source", CHAT),
        ("ce_type", REPLY),
        ("ce_subject", "room-1"),
        ("ce_tries", "3"),
        ("ce_orgid", "acme"),
        ("ce_userid", "alice"),
    ] {
        assert_eq!(header(name), value);
    }
    assert!(header("ce_time").contains('T'));
    assert!(header("portico-signature").starts_with("v1 portal-1 "));
}

pub(crate) async fn an_event_that_is_sent_again_is_answered_the_same_and_produced_once(world: &World) {
    let portal = world.instance().await;
    let body = envelope(r#","id":"one","data":{"n":1}"#);
    let first = world.publish(&portal, ALICE, &body).await;
    assert_eq!(first, world.publish(&portal, ALICE, &body).await);
    // Many at once, none of them the first to be answered.
    let together = envelope(r#","id":"two","data":{"n":2}"#);
    let sent = (0..20).map(|_| world.publish(&portal, ALICE, &together));
    for answer in futures::future::join_all(sent).await {
        assert_eq!(answer.expect("published").id, "two");
    }
    // The same ids of another person, and one that goes by no id.
    world.publish(&portal, ("acme", "bob"), &body).await.expect("published");
    for _ in 0..2 {
        world.publish(&portal, ALICE, &envelope("")).await.expect("published");
    }
    assert_eq!(records(world).await.len(), 5);
    assert_eq!(portal.metrics().published.get(), 5);
    assert_eq!(portal.metrics().publish_repeats.get(), 20);
}

pub(crate) async fn an_id_that_was_given_to_another_event_is_refused_and_not_swallowed(world: &World) {
    let portal = world.instance().await;
    world.publish(&portal, ALICE, &envelope(r#","id":"one","data":{"n":1}"#)).await.expect("published");
    for other in [r#","id":"one","data":{"n":2}"#, r#","id":"one","subject":"x","data":{"n":1}"#] {
        let refused = world.publish(&portal, ALICE, &envelope(other)).await;
        assert_eq!(refused, Err(PublishError::IdReused));
    }
    assert_eq!(records(world).await.len(), 1);
}

pub(crate) async fn a_publisher_that_goes_away_leaves_its_event_on_its_way_and_its_repeat_finds_it(
    world: &World,
) {
    let portal = world.instance().await;
    let body = envelope(r#","id":"one","data":{"n":1}"#);
    // Polled once, which is enough to begin, and dropped.
    assert!(world.publish(&portal, ALICE, &body).now_or_never().is_none());
    world.publish(&portal, ALICE, &body).await.expect("published");
    assert_eq!(records(world).await.len(), 1);
}
