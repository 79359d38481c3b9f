//! Signs records as a service of another team would: with the example service's code, which knows nothing of the portal's.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;

use crate::signature::{Message, SigningKey};

/// The key of the services in these tests, and what it is called.
pub(crate) const KEY: [u8; 32] = [9; 32];
pub(crate) const KEY_ID: &str = "test-1";

/// The service's key, or one of the same name with another secret.
pub(crate) fn key(secret: &[u8]) -> SigningKey {
    SigningKey::parse(&format!("{KEY_ID}:{}", STANDARD.encode(secret))).expect("a key")
}

/// The signature of an event in structured JSON whose data is JSON.
pub(crate) fn signature(topic: &str, record_key: &str, event: &str, secret: &[u8]) -> String {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(event).expect("an event in JSON");
    let data = members.get("data").map_or("", |data| data.get()).as_bytes();
    let text = |value: &RawValue| serde_json::from_str(value.get()).expect("an attribute is text");
    let attributes = members.iter().filter(|(name, _)| *name != "data");
    let attributes = attributes.map(|(name, value)| (name.clone(), text(value))).collect();
    key(secret).sign(&Message { topic, key: record_key, attributes: &attributes, data })
}
