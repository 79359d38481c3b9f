//! The service itself: from a group's consumer to an idempotent producer.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rdkafka::{
    ClientConfig, Message as _,
    consumer::{CommitMode, Consumer as _, StreamConsumer},
    error::KafkaError,
    message::{BorrowedMessage, Header, Headers as _, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::signature::{Message, SigningKey};

/// What the service is, and where.
pub(crate) struct Service {
    /// `host:port`, comma-separated.
    pub(crate) brokers: String,
    /// The `source` of its events, as the portal knows it.
    pub(crate) source: String,
    /// The topic of questions.
    pub(crate) inbound: String,
    /// The topic of answers.
    pub(crate) outbound: String,
    /// Its key.
    pub(crate) key: SigningKey,
}

/// A question, and whose it is.
struct Request {
    attributes: BTreeMap<String, String>,
    question: Question,
}

/// The data of a `chat.message`.
#[derive(Deserialize)]
struct Question {
    conversation: String,
    message: String,
    text: String,
}

/// How long a reply may wait for its acknowledgement.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers questions until Kafka fails for good.
pub(crate) async fn run(service: &Service) -> Result<Infallible, KafkaError> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", &service.brokers)
        .set("group.id", "portico-chat-service-in-rust")
        .set("enable.auto.commit", "false")
        // When the group is new: a question that was asked before is answered as well.
        .set("auto.offset.reset", "earliest")
        .create()?;
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &service.brokers)
        .set("enable.idempotence", "true")
        .create()?;
    consumer.subscribe(&[&service.inbound])?;
    loop {
        let record = consumer.recv().await?;
        // What is no question is passed over, or it would block its partition.
        if let Some(request) = Request::read(&record) {
            for (sequence, data) in answer(&request.question).into_iter().enumerate() {
                send(service, &producer, &request, sequence, &data).await?;
            }
        }
        // Only now: a crash before repeats the answer under the same ids, which whoever reads it drops.
        consumer.commit_message(&record, CommitMode::Async)?;
    }
}

impl Request {
    /// Reads a record in the binary mode: attributes in its headers, the data as its body.
    fn read(record: &BorrowedMessage<'_>) -> Option<Self> {
        let mut attributes = BTreeMap::new();
        for header in record.headers()?.iter() {
            if let (Some(name), Some(value)) = (header.key.strip_prefix("ce_"), header.value) {
                attributes.insert(name.to_owned(), String::from_utf8(value.to_vec()).ok()?);
            }
        }
        let complete = ["id", "source", "orgid", "userid"].iter().all(|name| attributes.contains_key(*name));
        if !complete || attributes.get("type")? != "chat.message" {
            return None;
        }
        Some(Self { attributes, question: serde_json::from_slice(record.payload()?).ok()? })
    }

    fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// The same for a question answered twice, and another for every other reply.
    fn reply_id(&self, sequence: usize) -> String {
        let mut hash = Sha256::new();
        for name in ["orgid", "userid", "source", "id"] {
            hash.update(self.attribute(name));
            hash.update([0]);
        }
        hash.update(sequence.to_string());
        URL_SAFE_NO_PAD.encode(&hash.finalize()[..18])
    }
}

/// A start, the words of the answer one by one, and all of it.
fn answer(question: &Question) -> Vec<String> {
    let text = format!("You said: {}", question.text);
    let words = text.split_inclusive(' ').map(|word| ("delta", Some(word)));
    let parts = std::iter::once(("start", None)).chain(words).chain([("done", Some(text.as_str()))]);
    let data = parts.enumerate().map(|(sequence, (phase, text))| {
        serde_json::json!({
            "conversation": question.conversation, "message": format!("{}-answer", question.message),
            "inReplyTo": question.message, "phase": phase, "sequence": sequence, "text": text,
        })
    });
    data.map(|data| data.to_string()).collect()
}

async fn send(
    service: &Service,
    producer: &FutureProducer,
    request: &Request,
    sequence: usize,
    data: &str,
) -> Result<(), KafkaError> {
    let (person, id) = (request.attribute("userid"), request.reply_id(sequence));
    let attributes: BTreeMap<String, String> = [
        ("specversion", "1.0"),
        ("id", &id),
        ("source", &service.source),
        ("type", "chat.reply"),
        ("datacontenttype", "application/json"),
        ("orgid", request.attribute("orgid")),
        ("userid", person),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let topic = &service.outbound;
    let message = Message { topic, key: person, attributes: &attributes, data: data.as_bytes() };
    let signature = service.key.sign(&message);
    let mut headers =
        OwnedHeaders::new().insert(Header { key: "portico-signature", value: Some(&signature) });
    for (name, value) in &attributes {
        let header = if name == "datacontenttype" { "content-type".to_owned() } else { format!("ce_{name}") };
        headers = headers.insert(Header { key: &header, value: Some(value) });
    }
    let record = FutureRecord::to(topic).key(person).payload(data).headers(headers);
    producer.send(record, PATIENCE).await.map(drop).map_err(|(error, _)| error)
}
