//! What other instances publish, so that an event which is sent again to another one is produced once.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::envelope::{Author, IncomingEvent};

/// Events that any instance has published, or is about to. An event is claimed before it is produced, and settled once the log
/// has it.
#[async_trait]
pub trait SharedClaims: Send + Sync {
    /// Claims an event for `owner`, unless somebody has it. A claim that is neither settled nor released ends after `lease`: its
    /// instance is gone. `None`: the store did not answer in time.
    async fn claim(&self, event: &EventDigest, owner: &str, lease: Duration) -> Option<Claim>;

    /// The log has the event, which is remembered for `window`.
    async fn settle(&self, event: &EventDigest, window: Duration);

    /// The log does not have it: whoever sends it again may publish it.
    async fn release(&self, event: &EventDigest, owner: &str);
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Whoever asked is to publish it.
    Yours,
    /// Another instance is about to.
    Underway,
    /// The log has it.
    Published,
    /// The name is another event's.
    Reused,
}

/// An event by what tells it from others, the same on every instance: SHA-256 (FIPS 180-4), so that a store learns neither names
/// nor content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventDigest {
    /// Of organization, person, `source` and `id`.
    pub name: [u8; 32],
    /// Of all else that the client gave.
    pub content: [u8; 32],
}

impl EventDigest {
    pub(super) fn of(event: &IncomingEvent, author: Author<'_>, id: &str, topic: &str) -> Self {
        let name = [author.org, author.user, author.remote, id].map(str::as_bytes);
        let content = std::iter::once(topic.as_bytes()).chain(event.content());
        Self { name: digest(name.into_iter()), content: digest(content) }
    }
}

/// Each field with its length, so that none can pass for the end of another.
fn digest<'a>(fields: impl Iterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().into()
}

/// Claims of instances in one process.
#[derive(Default)]
pub struct MemoryClaims(Mutex<HashMap<[u8; 32], Held>>);

struct Held {
    content: [u8; 32],
    /// None once the log has the event.
    owner: Option<String>,
    until: Instant,
}

#[async_trait]
impl SharedClaims for MemoryClaims {
    async fn claim(&self, event: &EventDigest, owner: &str, lease: Duration) -> Option<Claim> {
        let (mut held, now) = (self.0.lock(), Instant::now());
        held.retain(|_, held| held.until > now);
        Some(match held.get(&event.name) {
            Some(held) if held.content != event.content => Claim::Reused,
            Some(Held { owner: Some(_), .. }) => Claim::Underway,
            Some(_) => Claim::Published,
            None => {
                let (owner, until) = (Some(owner.to_owned()), now + lease);
                held.insert(event.name, Held { content: event.content, owner, until });
                Claim::Yours
            }
        })
    }

    async fn settle(&self, event: &EventDigest, window: Duration) {
        let until = Instant::now() + window;
        self.0.lock().insert(event.name, Held { content: event.content, owner: None, until });
    }

    async fn release(&self, event: &EventDigest, owner: &str) {
        let mut held = self.0.lock();
        if held.get(&event.name).is_some_and(|held| held.owner.as_deref() == Some(owner)) {
            held.remove(&event.name);
        }
    }
}
