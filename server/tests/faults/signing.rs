//! Signs records as a service of another team would, from `docs/events.md` alone.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// The service's key, and what it is called.
pub const KEY: [u8; 32] = [9; 32];
pub const KEY_ID: &str = "service-1";

/// The value of `portico-signature`. A map has its names in byte order.
pub fn signature(topic: &str, key: &str, attributes: &BTreeMap<&str, &str>, data: &str) -> String {
    let mut bytes = Vec::new();
    let number = |bytes: &mut Vec<u8>, n: usize| {
        bytes.extend(u32::try_from(n).expect("a record is smaller").to_be_bytes());
    };
    let field = |bytes: &mut Vec<u8>, text: &str| {
        number(bytes, text.len());
        bytes.extend(text.as_bytes());
    };
    ["portico-signature-v1", topic, key].into_iter().for_each(|text| field(&mut bytes, text));
    number(&mut bytes, attributes.len());
    for (name, value) in attributes {
        field(&mut bytes, name);
        field(&mut bytes, value);
    }
    field(&mut bytes, data);
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &KEY), &bytes);
    format!("v1 {KEY_ID} {}", URL_SAFE_NO_PAD.encode(mac))
}
