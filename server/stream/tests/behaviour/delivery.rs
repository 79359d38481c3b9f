use std::sync::Arc;

use portico_stream::{NewRecord, TopicSpec};

use crate::{
    signing::{KEY, signature},
    sse::number,
    world::{REPLY, SERVICE, World, cloud_event, listen, listen_to, signed, signed_with},
};

const ALICE: (&str, &str) = ("acme", "alice");
const BOB: (&str, &str) = ("acme", "bob");
const CAROL: (&str, &str) = ("globex", "carol");
/// In another organization, under the same user id.
const OTHER_ALICE: (&str, &str) = ("globex", "alice");

pub(crate) async fn an_event_reaches_every_stream_of_its_person_and_nobody_else(world: &World) {
    let portal = world.instance().await;
    let mut one = listen(&portal, ALICE, None).await;
    let mut two = listen(&portal, ALICE, None).await;
    let mut others = Vec::new();
    for who in [BOB, CAROL, OTHER_ALICE] {
        others.push(listen(&portal, who, None).await);
    }
    world.reply(ALICE, 1).await;
    assert_eq!(one.numbers(1).await, [1]);
    assert_eq!(two.numbers(1).await, [1]);
    for other in &mut others {
        other.assert_quiet().await;
    }
}

pub(crate) async fn an_event_without_user_reaches_everyone_in_its_organization(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    let mut bob = listen(&portal, BOB, None).await;
    let mut carol = listen(&portal, CAROL, None).await;
    world.announce("acme", 1).await;
    world.reply(BOB, 2).await;
    assert_eq!(alice.numbers(1).await, [1]);
    let mut both = bob.numbers(2).await;
    both.sort_unstable();
    assert_eq!(both, [1, 2]);
    carol.assert_quiet().await;
}

pub(crate) async fn a_stream_carries_the_types_it_asked_for(world: &World) {
    let portal = world.instance().await;
    let mut todos = listen_to(&portal, ALICE, &["todo.added", "todo.done"], None).await;
    let mut chat = listen(&portal, ALICE, None).await;
    world.write("alice", &cloud_event("acme", Some("alice"), "todo.done", 1)).await;
    world.write("alice", &cloud_event("acme", None, "todo.added", 2)).await;
    world.reply(ALICE, 3).await;
    assert_eq!(todos.numbers(2).await, [1, 2]);
    assert_eq!(chat.numbers(1).await, [3]);
    todos.assert_quiet().await;
    chat.assert_quiet().await;
}

pub(crate) async fn case_65_a_payload_with_line_ends_and_controls_is_one_event_byte_for_byte(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    let nasty = "a\rb\nc\r\nd\0e\u{feff}f\u{2028}g\nevent: reset\ndata: x\n\nid: y\n : z ";
    let data = serde_json::json!({ "n": 1, "text": nasty, "\n\nevent: bye": nasty });
    let event = cloud_event("acme", Some("alice"), REPLY, 1);
    // Pretty-printed with each kind of line end between tokens, as a sender on any system might.
    for (n, line_end) in ["\n", "\r\n", "\r"].into_iter().enumerate() {
        let pretty = serde_json::to_string_pretty(&data).expect("JSON").replace('\n', line_end);
        let body = event.replace(r#"{"n":1}"#, &pretty).replace("acme-1", &format!("acme-{n}"));
        world.write("alice", &body).await;
        let received = alice.event().await;
        assert_eq!(received.kind, REPLY);
        let json: serde_json::Value = serde_json::from_str(&received.data).expect("JSON");
        assert_eq!(json["data"], data);
        assert_eq!(received.data.len(), body.len(), "no byte more or less");
        assert_eq!(received.data, body.replace(['\r', '\n'], " "));
    }
    alice.assert_quiet().await;
}

pub(crate) async fn records_that_cannot_be_routed_are_counted_and_skipped(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    world.write_unsigned("alice", "not JSON").await;
    world
        .write("alice", r#"{"specversion":"1.0","id":"1","source":"/services/test","type":"chat.reply"}"#)
        .await;
    world.write("alice", &cloud_event("acme", Some("alice"), "chat.a\\nevent: bye", 1)).await;
    world.reply(ALICE, 2).await;
    assert_eq!(alice.numbers(1).await, [2]);
    let skipped = &portal.metrics().skipped;
    assert_eq!((skipped.unreadable.get(), skipped.untenanted.get()), (2, 1));
}

pub(crate) async fn case_52_records_that_nobody_signed_who_may_write_them_are_counted_and_skipped(
    world: &World,
) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    let event = cloud_event("acme", Some("alice"), REPLY, 1);
    let good = signature(&world.topic, "alice", &event, &KEY);
    world.write_unsigned("alice", &event).await;
    let topic = &world.topic;
    let forged = [
        signed_with("v1 test-1 AAAA", topic, "alice", &event),
        signed_with(&good.replace("test-1", "nobody-1"), topic, "alice", &event),
        signed_with(&signature(topic, "alice", &event, &[8; 32]), topic, "alice", &event),
        // A record of another's organization, key or topic under a signature that was good elsewhere.
        signed_with(&good, topic, "alice", &event.replace("acme", "globex")),
        signed_with(&good, topic, "bob", &event),
        signed_with(&signature(&world.other_topic, "alice", &event, &KEY), topic, "alice", &event),
    ];
    let count = forged.len() as u64;
    for record in forged {
        world.append(record).await;
    }
    // The service's own key, for another service's event.
    world.write("alice", &event.replace(SERVICE, "/services/other")).await;
    world.write("alice", &event.replace(SERVICE, "@portico/chat")).await;
    world.reply(ALICE, 2).await;
    assert_eq!(alice.numbers(1).await, [2]);
    alice.assert_quiet().await;
    let skipped = &portal.metrics().skipped;
    assert_eq!((skipped.unsigned.get(), skipped.forged.get(), skipped.foreign.get()), (1, count, 2));
    // Nor do they come when the past is read.
    let other = world.instance_with(|config| config.history.preload_records = 0).await;
    let mut again = listen(&other, ALICE, Some(&alice.last_event_id)).await;
    again.assert_quiet().await;
}

pub(crate) async fn an_event_in_the_binary_mode_arrives_like_one_in_the_structured_mode(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    let event = cloud_event("acme", Some("alice"), REPLY, 1);
    let signature = signature(&world.topic, "alice", &event, &KEY);
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", "acme-1"),
        ("ce_source", SERVICE),
        ("ce_type", REPLY),
        ("ce_orgid", "acme"),
        ("ce_userid", "alice"),
        ("portico-signature", &signature),
    ];
    let headers = headers.map(|(name, value)| (name.into(), value.to_owned())).into();
    let record = signed(&world.topic, "alice", &event);
    world.append(NewRecord { headers, value: r#"{"n":1}"#.into(), ..record }).await;
    let arrived: serde_json::Value = serde_json::from_str(&alice.event().await.data).expect("JSON");
    let written: serde_json::Value = serde_json::from_str(&event).expect("JSON");
    assert_eq!(arrived, written);
}

pub(crate) async fn a_repeated_event_is_delivered_once(world: &World) {
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    world.reply(ALICE, 1).await;
    world.reply(ALICE, 1).await;
    world.reply(ALICE, 2).await;
    assert_eq!(alice.numbers(2).await, [1, 2]);
    assert_eq!(portal.metrics().skipped.repeated.get(), 1);
}

pub(crate) async fn a_topic_declared_later_is_followed(world: &World) {
    let portal = world.instance().await;
    let name: Arc<str> = format!("{}.later", world.topic).into();
    let spec = TopicSpec { name: Arc::clone(&name), partitions: 3 };
    portal.declare_topics(&[spec]).await.expect("declared");
    let mut alice = listen(&portal, ALICE, None).await;
    // Records from before this instance follows the topic are its past, so write until one arrives.
    for n in 0.. {
        world.write_to(&name, "alice", &cloud_event("acme", Some("alice"), REPLY, n)).await;
        let arrived = tokio::time::timeout(std::time::Duration::from_millis(300), alice.event()).await;
        if let Ok(event) = arrived {
            assert!(number(&event) <= n);
            return;
        }
        assert!(n < 60, "the topic is not followed");
    }
}
