use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portico_ports::Random;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{AudienceEvidence, BearerToken, ExchangedToken, Holder, Scope, TokenKey};
use crate::seal::Sealer;
use crate::session::{SessionId, SessionKey};

/// Where several instances keep exchanged tokens for one another: sealed texts by session and name. It is a cache: what
/// it does not answer is exchanged again, so nothing here fails.
#[async_trait]
pub trait SharedTokens: Send + Sync + 'static {
    /// What is kept under a name of a session, if anything.
    async fn get(&self, session: &SessionKey, name: &str) -> Option<String>;

    /// Keeps `sealed` until `until` at most.
    async fn put(&self, session: &SessionKey, name: &str, sealed: String, until: OffsetDateTime);

    /// Forgets everything of a session.
    async fn forget(&self, session: &SessionKey);
}

/// The shared tokens of sessions, sealed on their way out. What belongs to nobody's session is not shared.
pub(super) struct Sharing {
    tokens: Arc<dyn SharedTokens>,
    sealer: Sealer,
    random: Arc<dyn Random>,
}

/// A token as it is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    scope: String,
    evidence: AudienceEvidence,
    #[serde(with = "time::serde::timestamp")]
    expires_at: OffsetDateTime,
}

impl Sharing {
    pub(super) fn new(tokens: Arc<dyn SharedTokens>, sealer: Sealer, random: Arc<dyn Random>) -> Self {
        Self { tokens, sealer, random }
    }

    pub(super) async fn get(&self, key: &TokenKey) -> Option<ExchangedToken> {
        let Holder::Session(session) = key.holder else { return None };
        let name = name(key);
        let sealed = self.tokens.get(&SessionKey::of(&session), &name).await?;
        let plain = self.sealer.open(&purpose(&name), &sealed).ok()?;
        let kept: Kept = serde_json::from_slice(&plain).ok()?;
        Some(ExchangedToken {
            token: BearerToken::parse(kept.token)?,
            audience: key.audience.clone(),
            audience_evidence: kept.evidence,
            scope: Scope::parse(&kept.scope),
            expires_at: kept.expires_at,
        })
    }

    pub(super) async fn put(&self, key: &TokenKey, token: &ExchangedToken) {
        let Holder::Session(session) = key.holder else { return };
        let name = name(key);
        let kept = Kept {
            token: token.token.secret().to_owned(),
            scope: token.scope.to_string(),
            evidence: token.audience_evidence,
            expires_at: token.expires_at,
        };
        let Ok(plain) = serde_json::to_vec(&kept) else { return };
        let sealed = self.sealer.seal(&purpose(&name), &plain, self.random.as_ref());
        self.tokens.put(&SessionKey::of(&session), &name, sealed, token.expires_at).await;
    }

    pub(super) async fn forget(&self, session: &SessionId) {
        self.tokens.forget(&SessionKey::of(session)).await;
    }
}

/// Everything that tells one token of a session from another (case 37), hashed: a name says nothing to who reads it.
fn name(key: &TokenKey) -> String {
    let mut hash = Sha256::new();
    let scope = key.scope.to_string();
    for part in [&key.organization, &key.audience, key.resource.as_deref().unwrap_or_default(), &scope] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// One name's token does not open under another.
fn purpose(name: &str) -> String {
    format!("exchanged token {name}")
}
