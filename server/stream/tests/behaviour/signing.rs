//! Signs records as a service of another team would, from docs/events.md alone and without the portal's own code.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde_json::value::RawValue;
use sha2::Sha256;

/// The key of the services in these tests, and what it is called.
pub(crate) const KEY: [u8; 32] = [9; 32];
pub(crate) const KEY_ID: &str = "test-1";

/// The signature of an event in structured JSON whose data is JSON.
pub(crate) fn signature(topic: &str, key: &str, event: &str, secret: &[u8]) -> String {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(event).expect("an event in JSON");
    let data = members.get("data").map_or("", |data| data.get());
    let attributes: Vec<(&str, String)> = members
        .iter()
        .filter(|(name, _)| *name != "data")
        .map(|(name, value)| {
            (name.as_str(), serde_json::from_str(value.get()).expect("an attribute is text"))
        })
        .collect();
    let mut bytes = Vec::new();
    let field = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend(u32::try_from(text.len()).expect("short").to_be_bytes());
        bytes.extend(text.as_bytes());
    };
    field(&mut bytes, "portico-signature-v1");
    field(&mut bytes, topic);
    field(&mut bytes, key);
    bytes.extend(u32::try_from(attributes.len()).expect("few").to_be_bytes());
    for (name, value) in attributes {
        field(&mut bytes, name);
        field(&mut bytes, &value);
    }
    field(&mut bytes, data);
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key").chain_update(bytes).finalize();
    format!("v1 {KEY_ID} {}", URL_SAFE_NO_PAD.encode(mac.into_bytes()))
}
