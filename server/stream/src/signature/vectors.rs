//! The published test vectors, which other languages test against as well.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;

use super::{HEADER, Keyring, Message, Producer, SigningKey};
use crate::{binding::RecordedEvent, log::LogRecord, record::RoutedEvent};

#[derive(Deserialize)]
struct Vectors {
    signed: Vec<Signed>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    name: String,
    key_id: String,
    key: String,
    topic: String,
    record_key: String,
    binary: Binary,
    structured: String,
    canonical_base64: String,
    signature: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refused {
    name: String,
    topic: String,
    record_key: String,
    binary: Binary,
    signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Binary {
    headers: BTreeMap<String, String>,
    body_base64: String,
}

fn vectors() -> Vectors {
    let text = include_str!("../../../../docs/portico-signature.vectors.json");
    serde_json::from_str(text).expect("the vectors are there")
}

fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("base64")
}

fn record(
    topic: &str,
    key: &str,
    headers: impl IntoIterator<Item = (String, String)>,
    body: Vec<u8>,
) -> LogRecord {
    let headers = headers.into_iter().map(|(name, value)| (name.into(), Bytes::from(value)));
    let (topic, key): (Arc<str>, _) = (topic.into(), Some(Bytes::copy_from_slice(key.as_bytes())));
    let (headers, value) = (Some(headers.collect()), Some(Bytes::from(body)));
    LogRecord { topic, partition: 0, offset: 0, timestamp: 0, key, headers, value }
}

impl Signed {
    fn keyring(&self) -> Keyring {
        let ring = Keyring::default();
        let producer =
            Producer::Service { source: "/services/chat".into(), topics: ["chat.outbound".into()].into() };
        let key = SigningKey::from_base64(&self.key).expect("a key");
        ring.trust(producer, self.key_id.parse().expect("an id"), key);
        ring
    }

    /// In each mode, without its signature.
    fn records(&self) -> [LogRecord; 2] {
        let structured = [("content-type".to_owned(), "application/cloudevents+json".to_owned())];
        [
            record(
                &self.topic,
                &self.record_key,
                self.binary.headers.clone(),
                decoded(&self.binary.body_base64),
            ),
            record(&self.topic, &self.record_key, structured, self.structured.clone().into_bytes()),
        ]
    }
}

#[test]
fn every_vector_has_its_canonical_bytes_and_its_signature_in_either_mode() {
    for vector in vectors().signed {
        for mut record in vector.records() {
            let event = RecordedEvent::read(&record).expect("an event");
            let message = Message {
                topic: &record.topic,
                key: vector.record_key.as_bytes(),
                attributes: &event.attributes,
                data: &event.data,
            };
            let mut canonical = Vec::new();
            message.write(|bytes| canonical.extend_from_slice(bytes));
            assert_eq!(canonical, decoded(&vector.canonical_base64), "{}", vector.name);
            let signer = Keyring::default();
            let key = SigningKey::from_base64(&vector.key).expect("a key");
            signer.sign_with(vector.key_id.parse().expect("an id"), key);
            assert_eq!(signer.sign(&message).expect("a key"), vector.signature, "{}", vector.name);
            let signature = (HEADER.into(), vector.signature.clone().into());
            record.headers.as_mut().expect("headers").push(signature);
            let routed = RoutedEvent::read(&record, &vector.keyring());
            assert_eq!(routed.map(|event| event.org).ok().as_deref(), Some("acme"), "{}", vector.name);
        }
    }
}

#[test]
fn every_vector_says_the_same_in_either_mode() {
    for vector in vectors().signed {
        let json = vector.records().map(|record| {
            let json = RecordedEvent::read(&record).expect("an event").json().expect("JSON");
            let mut event: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
            // Headers have no types but text.
            for value in event.as_object_mut().expect("an object").values_mut() {
                if value.is_number() || value.is_boolean() {
                    *value = value.to_string().into();
                }
            }
            event
        });
        assert_eq!(json[0], json[1], "{}", vector.name);
    }
}

#[test]
fn no_refused_vector_counts() {
    let Vectors { signed, refused } = vectors();
    let keyring = signed[0].keyring();
    for vector in refused {
        let mut headers = vector.binary.headers;
        headers.extend(vector.signature.map(|signature| (HEADER.to_owned(), signature)));
        let record = record(&vector.topic, &vector.record_key, headers, decoded(&vector.binary.body_base64));
        let read = RoutedEvent::read(&record, &keyring);
        assert!(matches!(read, Err(crate::record::SkippedRecord::Signature(_))), "{}: {read:?}", vector.name);
    }
}
