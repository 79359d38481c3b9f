use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use portico_contracts::FieldProblem;
use serde::{Deserialize, Serialize};

use super::{SignatureFile, signed_bytes};
use crate::config::ConfigProblem;
use crate::name_pattern::NamePattern;

/// A key whose signatures count, for some names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedKey {
    /// The id that signature files name it by.
    pub id: String,
    /// The Ed25519 public key: 32 bytes in base64.
    pub public_key: String,
    /// The remotes it may sign: `@scope/name`, `@scope/*` or `*`.
    pub names: Vec<NamePattern>,
}

/// The keys whose signatures count, ready to verify with.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedKeys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: String,
    key: VerifyingKey,
    names: Vec<NamePattern>,
}

impl TrustedKeys {
    /// The keys that can be read; [`TrustedKeys::problems`] tells of the others.
    pub(crate) fn new(keys: &[TrustedKey]) -> Self {
        let read = |trusted: &TrustedKey| {
            let key = public_key(&trusted.public_key)?;
            Some(Key { id: trusted.id.clone(), key, names: trusted.names.clone() })
        };
        Self(keys.iter().filter_map(read).collect())
    }

    /// What is wrong with configured keys.
    pub(crate) fn problems(keys: &[TrustedKey]) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut add = |i: usize, field: &str, reason: &str| {
            problems
                .push(ConfigProblem { key: format!("trusted_keys[{i}].{field}"), reason: reason.to_owned() });
        };
        for (i, trusted) in keys.iter().enumerate() {
            if trusted.id.is_empty()
                || trusted.id.len() > 128
                || !trusted.id.bytes().all(|b| b.is_ascii_graphic())
            {
                add(i, "id", "expected 1 to 128 printable ASCII characters");
            }
            if keys.iter().take(i).any(|earlier| earlier.id == trusted.id) {
                add(i, "id", "expected each id only once");
            }
            if public_key(&trusted.public_key).is_none() {
                add(i, "public_key", "expected an Ed25519 public key: 32 bytes in base64");
            }
        }
        problems
    }

    /// Trusts `key` for every name, under `id`.
    pub(crate) fn add_for_every_name(&mut self, id: &str, key: VerifyingKey) {
        self.0.push(Key { id: id.to_owned(), key, names: vec![NamePattern::Any] });
    }

    /// Whether `file` is a signature of `manifest`, which calls itself `name`, by a key trusted for that name.
    pub(crate) fn verify(
        &self,
        file: &SignatureFile,
        name: &str,
        manifest: &[u8],
    ) -> Result<(), FieldProblem> {
        let problem = |field: &str, reason: String| Err(FieldProblem { field: field.to_owned(), reason });
        let Some(trusted) = self.0.iter().find(|key| key.id == file.key_id) else {
            return problem("/keyId", format!("expected a trusted key, found {:?}", file.key_id));
        };
        if !trusted.names.iter().any(|pattern| pattern.matches(name)) {
            return problem("/keyId", format!("the key {:?} is not trusted for {name}", file.key_id));
        }
        let Some(signature) = file.signature_bytes() else {
            return problem("/signature", "expected 64 bytes in base64".to_owned());
        };
        let signed = signed_bytes(&file.key_id, name, file.signed_at.as_deref(), manifest);
        // Strict: a signature has one spelling, and keys of small order, under which anything verifies, are refused.
        match trusted.key.verify_strict(&signed, &Signature::from_bytes(&signature)) {
            Ok(()) => Ok(()),
            Err(_) => {
                problem("/signature", "does not fit: manifest or signature changed after signing".to_owned())
            }
        }
    }
}

fn public_key(text: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = STANDARD.decode(text).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())
}
