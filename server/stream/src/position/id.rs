use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use thiserror::Error;

use super::{
    vector::Position,
    wire::{put_position, tag, take_position},
};

/// The version of the layout, the first byte of every id.
const VERSION: u8 = 1;
/// Set when the id is for one person and not for everyone in the organization.
const FOR_ONE_PERSON: u8 = 1;
/// 96 bits: an id grants nothing beyond what the session already has, so this is ample against guessing.
const MAC_LENGTH: usize = 12;
/// Longer input is refused unread.
const LONGEST_ID: usize = 4096;

/// The key that signs event ids, shared by all instances behind one origin.
#[derive(Clone)]
pub struct IdKey([u8; 32]);

/// The key has the wrong length.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("an event id key has 32 bytes, this one has {0}")]
pub struct IdKeyError(usize);

impl IdKey {
    /// Takes exactly 32 random bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, IdKeyError> {
        bytes.try_into().map(Self).map_err(|_| IdKeyError(bytes.len()))
    }

    /// A fresh key: right where there is one instance, whose ids need not outlive it.
    pub fn generate(random: &dyn portico_ports::Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }
}

/// Why a `Last-Event-ID` was refused.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum DecodeIdError {
    /// Not made by this portal, or changed since.
    #[error("the event id was not issued here")]
    Forged,
    /// Made by this portal for another organization or another person.
    #[error("the event id was issued to someone else")]
    Foreign,
}

/// For whom an id is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    pub(crate) org: &'a str,
    /// `None` for an event to everyone in the organization: all its receivers share one frame and so one id.
    pub(crate) user: Option<&'a str>,
}

/// Turns positions into event ids and back.
///
/// Layout: version, flags, tag of the organization, tag of the person where there is one, tag of the log, the
/// position, then a truncated HMAC-SHA256 (RFC 2104) over all of it; the whole in base64url.
pub(crate) struct IdCodec {
    signer: Hmac<Sha256>,
    verifiers: Vec<Hmac<Sha256>>,
    log: [u8; 4],
}

/// What an id says, its signature and owner checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecodedId {
    pub(crate) position: Position,
    /// False when the id comes from another log altogether, where its offsets mean nothing.
    pub(crate) same_log: bool,
}

impl IdCodec {
    /// Signs with `key`; accepts what it or one of `former` signed. `log` names the log as a whole.
    pub(crate) fn new(key: &IdKey, former: &[IdKey], log: &str) -> Self {
        let keyed =
            |key: &IdKey| Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of every length");
        let verifiers = std::iter::once(key).chain(former).map(keyed).collect();
        Self { signer: keyed(key), verifiers, log: tag(log) }
    }

    /// The id of `position`, safe in a header, a URL and an SSE line.
    pub(crate) fn encode(&self, position: &Position, scope: Scope<'_>) -> String {
        let mut bytes = Vec::with_capacity(256);
        bytes.push(VERSION);
        bytes.push(if scope.user.is_some() { FOR_ONE_PERSON } else { 0 });
        bytes.extend_from_slice(&tag(scope.org));
        if let Some(user) = scope.user {
            bytes.extend_from_slice(&tag(user));
        }
        bytes.extend_from_slice(&self.log);
        put_position(&mut bytes, position);
        let mac = self.signer.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&mac[..MAC_LENGTH]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position in an id that this instance made itself, unchecked.
    pub(crate) fn own(&self, id: &[u8], names: &[Arc<str>]) -> Position {
        let bytes = URL_SAFE_NO_PAD.decode(id).unwrap_or_default();
        let tags = if bytes.get(1) == Some(&FOR_ONE_PERSON) { 12 } else { 8 };
        let body = bytes.get(2 + tags..bytes.len().saturating_sub(MAC_LENGTH));
        body.and_then(|body| take_position(body, names)).unwrap_or_default()
    }

    /// Reads an id that this person presents. Of the topics only those in `names` are kept.
    pub(crate) fn decode(
        &self,
        id: &str,
        org: &str,
        user: &str,
        names: &[Arc<str>],
    ) -> Result<DecodedId, DecodeIdError> {
        use DecodeIdError::{Foreign, Forged};
        if id.len() > LONGEST_ID {
            return Err(Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(id).map_err(|_| Forged)?;
        let mut body = bytes.as_slice();
        let mac = body.split_off(body.len().checked_sub(MAC_LENGTH).ok_or(Forged)?..).ok_or(Forged)?;
        let signed = |key: &Hmac<Sha256>| key.clone().chain_update(body).verify_truncated_left(mac).is_ok();
        if !self.verifiers.iter().any(signed) {
            return Err(Forged);
        }
        // From here on the bytes are our own; a layout that does not fit is from a version that is gone.
        if body.split_off_first() != Some(&VERSION) {
            return Err(Forged);
        }
        let for_one_person = body.split_off_first() == Some(&FOR_ONE_PERSON);
        if body.split_off(..4) != Some(tag(org).as_slice()) {
            return Err(Foreign);
        }
        if for_one_person && body.split_off(..4) != Some(tag(user).as_slice()) {
            return Err(Foreign);
        }
        let same_log = body.split_off(..4).ok_or(Forged)? == self.log;
        let position = take_position(body, names).ok_or(Forged)?;
        Ok(DecodedId { position, same_log })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::vector::TopicPosition, *};

    const ACME: Scope<'_> = Scope { org: "acme", user: None };
    const ALICE: Scope<'_> = Scope { org: "acme", user: Some("alice") };

    fn codec() -> IdCodec {
        IdCodec::new(&IdKey([7; 32]), &[], "cluster")
    }

    fn position() -> Position {
        let mut topic = TopicPosition { name: "chat.outbound".into(), next: vec![3, 0, 9], anchor: None };
        topic.advance(1, 41, 1_700_000_000_123);
        Position { topics: vec![topic] }
    }

    fn names() -> Vec<Arc<str>> {
        vec!["chat.outbound".into(), "other".into()]
    }

    #[test]
    fn an_id_brings_back_the_position_it_was_made_of() {
        let id = codec().encode(&position(), ALICE);
        let decoded = codec().decode(&id, "acme", "alice", &names());
        assert_eq!(decoded, Ok(DecodedId { position: position(), same_log: true }));
    }

    #[test]
    fn an_id_for_everyone_serves_each_member_and_no_other_organization() {
        let id = codec().encode(&position(), ACME);
        assert!(codec().decode(&id, "acme", "bob", &names()).is_ok());
        assert_eq!(codec().decode(&id, "globex", "bob", &names()), Err(DecodeIdError::Foreign));
    }

    #[test]
    fn an_id_for_one_person_serves_no_other() {
        let id = codec().encode(&position(), ALICE);
        assert_eq!(codec().decode(&id, "acme", "bob", &names()), Err(DecodeIdError::Foreign));
    }

    #[test]
    fn every_changed_character_makes_an_id_forged() {
        let id = codec().encode(&position(), ALICE);
        for at in 0..id.len() {
            let mut forged = id.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("ASCII");
            assert_eq!(codec().decode(&forged, "acme", "alice", &names()), Err(DecodeIdError::Forged));
        }
    }

    #[test]
    fn garbage_of_any_shape_is_forged() {
        for garbage in ["", "a", "****", "AAAA", &"A".repeat(600), &"A".repeat(9000), "0", "-1", "a.b"] {
            assert_eq!(codec().decode(garbage, "acme", "alice", &names()), Err(DecodeIdError::Forged));
        }
    }

    #[test]
    fn an_id_signed_with_a_former_key_is_still_accepted() {
        let id = codec().encode(&position(), ALICE);
        let rotated = IdCodec::new(&IdKey([8; 32]), &[IdKey([7; 32])], "cluster");
        assert!(rotated.decode(&id, "acme", "alice", &names()).is_ok());
    }

    #[test]
    fn an_id_from_another_log_says_so() {
        let id = codec().encode(&position(), ALICE);
        let elsewhere = IdCodec::new(&IdKey([7; 32]), &[], "another cluster");
        let decoded = elsewhere.decode(&id, "acme", "alice", &names()).expect("the same key");
        assert!(!decoded.same_log);
    }

    #[test]
    fn sixty_four_partitions_fit_in_512_bytes() {
        let mut topic = TopicPosition { name: "wide".into(), next: vec![(1 << 35) - 1; 64], anchor: None };
        topic.advance(63, (1 << 35) - 2, i64::MAX);
        let id = codec().encode(&Position { topics: vec![topic] }, ALICE);
        assert!(id.len() <= 512, "{} bytes", id.len());
    }
}
