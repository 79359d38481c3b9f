use std::{collections::HashMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::Mac as _;
use parking_lot::RwLock;
use thiserror::Error;

use super::{
    canonical::Message,
    key::{KeyId, SigningKey},
};

/// The version of the signature, its first word.
const VERSION: &str = "v1";

/// Who may sign, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Producer {
    /// The portal's instances, for events of remotes: on every topic, with a remote's name (`@scope/name`) as the source.
    Portal,
    /// A service, for events of its own.
    Service {
        /// Its events' `source`.
        source: Arc<str>,
        /// The topics that it writes to.
        topics: Arc<[Box<str>]>,
    },
}

impl Producer {
    fn writes_to(&self, topic: &str) -> bool {
        match self {
            Self::Portal => true,
            Self::Service { topics, .. } => topics.iter().any(|one| **one == *topic),
        }
    }

    fn speaks_as(&self, source: &str) -> bool {
        match self {
            Self::Portal => source.starts_with('@'),
            Self::Service { source: own, .. } => **own == *source,
        }
    }
}

/// Every key by which records are signed or verified here; they may change at any time.
#[derive(Debug, Default)]
pub struct Keyring(RwLock<Keys>);

#[derive(Debug, Default)]
struct Keys {
    signer: Option<(KeyId, SigningKey)>,
    verifiers: HashMap<KeyId, (Producer, SigningKey)>,
}

/// Why a record's signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum SignatureError {
    #[error("it is not signed")]
    Missing,
    #[error("its signature is not of the form \"{VERSION} <key id> <MAC in base64url>\"")]
    Malformed,
    #[error("it is signed with a key that nobody has here")]
    UnknownKey,
    #[error("its signature is not of these bytes")]
    Wrong,
    #[error("its key's producer does not write to this topic")]
    ForeignTopic,
    #[error("its key's producer is not its source")]
    ForeignSource,
}

/// There is no key to sign with, or none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the portal has no key to sign events with")]
pub(crate) struct NoSigningKey;

impl Keyring {
    /// Makes records of `producer` that are signed with this key count. An earlier key of the same id counts no more.
    pub fn trust(&self, producer: Producer, id: KeyId, key: SigningKey) {
        self.0.write().verifiers.insert(id, (producer, key));
    }

    /// Signs the portal's own records with this key from now on.
    pub fn sign_with(&self, id: KeyId, key: SigningKey) {
        self.trust(Producer::Portal, id.clone(), key.clone());
        self.0.write().signer = Some((id, key));
    }

    /// The value of the header `portico-signature` for a record of the portal's.
    pub(crate) fn sign(&self, message: &Message<'_>) -> Result<String, NoSigningKey> {
        let keys = self.0.read();
        let (id, key) = keys.signer.as_ref().ok_or(NoSigningKey)?;
        let mac = URL_SAFE_NO_PAD.encode(key.over(message).finalize().into_bytes());
        Ok(format!("{VERSION} {} {mac}", id.as_str()))
    }

    /// Whether `signature` is one of `message` by somebody who may write it; `source` is the event's.
    pub(crate) fn verify(
        &self,
        message: &Message<'_>,
        source: &str,
        signature: Option<&[u8]>,
    ) -> Result<(), SignatureError> {
        let (id, mac) = parse(signature.ok_or(SignatureError::Missing)?).ok_or(SignatureError::Malformed)?;
        let keys = self.0.read();
        let (producer, key) = keys.verifiers.get(&id).ok_or(SignatureError::UnknownKey)?;
        key.over(message).verify_slice(&mac).map_err(|_| SignatureError::Wrong)?;
        if !producer.writes_to(message.topic) {
            return Err(SignatureError::ForeignTopic);
        }
        if !producer.speaks_as(source) {
            return Err(SignatureError::ForeignSource);
        }
        Ok(())
    }
}

fn parse(signature: &[u8]) -> Option<(KeyId, Vec<u8>)> {
    let mut words = std::str::from_utf8(signature).ok()?.split(' ');
    let (version, id, mac) = (words.next()?, words.next()?, words.next()?);
    if version != VERSION || words.next().is_some() {
        return None;
    }
    Some((id.parse().ok()?, URL_SAFE_NO_PAD.decode(mac).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::Attributes;

    fn key(byte: u8) -> SigningKey {
        SigningKey::new(&[byte; 32]).expect("32 bytes")
    }

    fn id(id: &str) -> KeyId {
        id.parse().expect("an id")
    }

    fn chat() -> Producer {
        Producer::Service { source: "/services/chat".into(), topics: ["chat.outbound".into()].into() }
    }

    fn attributes() -> Attributes<'static> {
        Attributes::new(vec![("id".into(), "1".into()), ("source".into(), "/services/chat".into())])
            .expect("two names")
    }

    fn message<'a>(topic: &'a str, attributes: &'a Attributes<'a>) -> Message<'a> {
        Message { topic, key: b"alice", attributes, data: b"{}" }
    }

    /// What a service that holds `key` would write.
    fn signed(key: SigningKey, message: &Message<'_>) -> String {
        let service = Keyring::default();
        service.sign_with(id("chat-1"), key);
        service.sign(message).expect("a key")
    }

    #[test]
    fn a_signature_counts_on_its_producers_topics_and_from_its_source_only() {
        let (ring, attributes) = (Keyring::default(), attributes());
        ring.trust(chat(), id("chat-1"), key(1));
        let own = message("chat.outbound", &attributes);
        let signature = signed(key(1), &own);
        let verify = |message: &Message<'_>, source, signature: &str| {
            ring.verify(message, source, Some(signature.as_bytes()))
        };
        assert_eq!(verify(&own, "/services/chat", &signature), Ok(()));
        assert_eq!(verify(&own, "/services/todos", &signature), Err(SignatureError::ForeignSource));
        let elsewhere = message("todos.outbound", &attributes);
        assert_eq!(verify(&elsewhere, "/services/chat", &signature), Err(SignatureError::Wrong));
        let there = signed(key(1), &elsewhere);
        assert_eq!(verify(&elsewhere, "/services/chat", &there), Err(SignatureError::ForeignTopic));
    }

    #[test]
    fn what_is_unsigned_malformed_or_signed_with_another_key_does_not_count() {
        let (ring, attributes) = (Keyring::default(), attributes());
        ring.trust(chat(), id("chat-1"), key(1));
        let message = message("chat.outbound", &attributes);
        let verify = |signature: Option<&str>| {
            ring.verify(&message, "/services/chat", signature.map(str::as_bytes)).expect_err("refused")
        };
        assert_eq!(verify(None), SignatureError::Missing);
        let good = signed(key(1), &message);
        for bad in [
            "",
            "v1",
            "v1 chat-1",
            "v2 chat-1 AAAA",
            "v1 chat-1 ****",
            &format!("{good} x"),
            &format!(" {good}"),
        ] {
            assert_eq!(verify(Some(bad)), SignatureError::Malformed, "{bad:?}");
        }
        assert_eq!(verify(Some(&good.replace("chat-1", "chat-2"))), SignatureError::UnknownKey);
        assert_eq!(verify(Some(&signed(key(2), &message))), SignatureError::Wrong);
        assert_eq!(verify(Some("v1 chat-1 AAAA")), SignatureError::Wrong, "a part of a MAC is none");
    }

    #[test]
    fn two_keys_of_one_producer_count_while_they_are_rotated() {
        let (ring, attributes) = (Keyring::default(), attributes());
        ring.trust(chat(), id("chat-1"), key(1));
        ring.trust(chat(), id("chat-2"), key(2));
        let message = message("chat.outbound", &attributes);
        let old = signed(key(1), &message);
        let new = signed(key(2), &message).replace("chat-1", "chat-2");
        for signature in [old, new] {
            assert_eq!(ring.verify(&message, "/services/chat", Some(signature.as_bytes())), Ok(()));
        }
    }

    #[test]
    fn the_portal_speaks_for_remotes_and_for_no_service() {
        let (ring, attributes) = (Keyring::default(), attributes());
        let message = message("any.topic", &attributes);
        assert_eq!(ring.sign(&message), Err(NoSigningKey));
        ring.sign_with(id("portal-1"), key(1));
        ring.sign_with(id("portal-2"), key(2));
        let signature = ring.sign(&message).expect("a key");
        assert!(signature.starts_with("v1 portal-2 "), "{signature}");
        assert_eq!(ring.verify(&message, "@portico/chat", Some(signature.as_bytes())), Ok(()));
        let refused = ring.verify(&message, "/services/chat", Some(signature.as_bytes()));
        assert_eq!(refused, Err(SignatureError::ForeignSource));
    }
}
