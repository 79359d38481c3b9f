//! `portico-signature`, as `docs/events.md` specifies it.

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// A key that the portal knows as this service's.
#[derive(Clone)]
pub(crate) struct SigningKey {
    id: String,
    secret: Vec<u8>,
}

/// What is signed: a record's topic and key, and its event's attributes and data. A map has its names in byte order.
pub(crate) struct Message<'a> {
    pub(crate) topic: &'a str,
    pub(crate) key: &'a str,
    pub(crate) attributes: &'a BTreeMap<String, String>,
    pub(crate) data: &'a [u8],
}

impl SigningKey {
    /// Reads `id:base64`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.split_once(':')?;
        let secret = STANDARD.decode(secret.trim()).ok()?;
        (!id.is_empty() && secret.len() >= 32).then(|| Self { id: id.to_owned(), secret })
    }

    /// The value of the header.
    pub(crate) fn sign(&self, message: &Message<'_>) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of every length");
        let mac = mac.chain_update(message.canonical()).finalize().into_bytes();
        format!("v1 {} {}", self.id, URL_SAFE_NO_PAD.encode(mac))
    }
}

impl Message<'_> {
    /// Each field behind its length.
    fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let length = |length: usize| u32::try_from(length).expect("a record is smaller").to_be_bytes();
        let field = |bytes: &mut Vec<u8>, content: &[u8]| {
            bytes.extend(length(content.len()));
            bytes.extend(content);
        };
        for content in ["portico-signature-v1", self.topic, self.key] {
            field(&mut bytes, content.as_bytes());
        }
        bytes.extend(length(self.attributes.len()));
        for (name, value) in self.attributes {
            field(&mut bytes, name.as_bytes());
            field(&mut bytes, value.as_bytes());
        }
        field(&mut bytes, self.data);
        bytes
    }
}
