use std::sync::Arc;

use portico_ports::{OsRandom, SystemClock};
use portico_stream::{
    AppendError, Author, ConflictError, EnvelopeError, EventGateway, IncomingEvent, KafkaConfig, KafkaLog,
    PublishError,
};

use crate::{
    sse::number,
    world::{CHAT, REPLY, World, config, listen},
};

const ALICE: (&str, &str) = ("acme", "alice");

fn envelope(extra: &str) -> String {
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
    let body = envelope(r#","data":{"n":1}"#);
    let published = world.publish(&portal, ALICE, &body).await.expect("published");
    assert_eq!(published.id.len(), 36);
    let event = alice.event().await;
    assert_eq!(number(&event), 1);
    assert!(event.data.contains(&published.id));
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
        &envelope(&deep),
        &envelope(&large),
    ] {
        let refused = world.publish(&portal, ALICE, body).await;
        assert!(matches!(refused, Err(PublishError::Envelope(_))), "{body:.80}: {refused:?}");
    }
    assert!(matches!(IncomingEvent::parse(b"\xff"), Err(EnvelopeError::Malformed(_))));
    assert_eq!(portal.metrics().published.get(), 0);
}

pub(crate) async fn case_69_a_log_that_does_not_answer_is_an_error_and_not_a_loss(_: &World) {
    let mut kafka = KafkaConfig::new("127.0.0.1:9");
    kafka.queue_records = 1;
    kafka.delivery_timeout = std::time::Duration::from_millis(600);
    let log = Arc::new(KafkaLog::new(kafka).expect("the configuration is right"));
    let portal = EventGateway::start(log, Arc::new(SystemClock), Arc::new(OsRandom), Vec::new(), config());
    let topic: Arc<str> = "nowhere".into();
    let publish = || {
        let event = IncomingEvent::parse(envelope("").as_bytes()).expect("an envelope");
        let author = Author { org: "acme", user: "alice", remote: CHAT, traceparent: None };
        portal.publisher().publish(event, author, &topic)
    };
    let (first, second) = tokio::join!(publish(), publish());
    assert_eq!(first, Err(PublishError::Log(AppendError::Timeout)));
    assert_eq!(second, Err(PublishError::Log(AppendError::QueueFull)));
    assert_eq!(portal.metrics().publish_failures.get(), 2);
    assert!(!portal.health().ready);
}
