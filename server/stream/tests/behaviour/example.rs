//! The example service answers, and its answers count.

use portico_stream::{Author, IncomingEvent, Producer, SigningKey};

use crate::{
    chat_service::{Service, run},
    signing::{KEY, KEY_ID, key},
    sse::PATIENCE,
    world::{CHAT, World, listen},
};

const ALICE: (&str, &str) = ("acme", "alice");

pub(crate) async fn the_example_service_answers_a_question_in_signed_parts(world: &World) {
    let source = "/services/chat";
    let portal = world
        .instance_with(|config| {
            let topics = [world.other_topic.to_string().into()].into();
            let producer = Producer::Service { source: source.into(), topics };
            let key = SigningKey::new(&KEY).expect("32 bytes");
            config.keyring.trust(producer, KEY_ID.parse().expect("an id"), key);
        })
        .await;
    let service = Service {
        brokers: world.bootstrap_servers.clone(),
        source: source.into(),
        inbound: world.topic.to_string(),
        outbound: world.other_topic.to_string(),
        key: key(&KEY),
    };
    let mut alice = listen(&portal, ALICE, None).await;
    let question = format!(
        r#"{{"specversion":"1.0","source":"{CHAT}","type":"chat.message","data":{{"conversation":"c","message":"m","text":"good day"}}}}"#
    );
    let event = IncomingEvent::parse(question.as_bytes()).expect("an event");
    let author = Author { org: "acme", user: "alice", remote: CHAT, traceparent: None };
    portal.publisher().publish(event, author, &world.topic).await.expect("published");
    let answers = async {
        let mut parts = Vec::new();
        loop {
            let data: serde_json::Value = serde_json::from_str(&alice.event().await.data).expect("JSON");
            assert_eq!((&data["source"], &data["data"]["inReplyTo"]), (&source.into(), &"m".into()));
            parts.push(data["data"].clone());
            if data["data"]["phase"] == "done" {
                return parts;
            }
        }
    };
    let parts = tokio::select! {
        ended = run(&service) => panic!("the service ended: {:?}", ended.err()),
        parts = tokio::time::timeout(PATIENCE * 2, answers) => parts.expect("it answers in time"),
    };
    let text = |part: &serde_json::Value| part["text"].as_str().unwrap_or_default().to_owned();
    let deltas: String = parts.iter().filter(|part| part["phase"] == "delta").map(text).collect();
    assert_eq!(deltas, "You said: good day");
    assert_eq!(parts.last().map(text), Some(deltas));
    assert_eq!(portal.metrics().skipped.refused(), 0);
}
