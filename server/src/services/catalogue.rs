use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use portico_contracts::Application;
use portico_identity::session::SessionId;
use portico_policy::{Action, Basis, Decision, Fingerprint, PolicyEngine, Principal, Query, Resource};
use portico_registry::{Offer, Remote, Snapshot};
use time::{Duration, OffsetDateTime};

/// What of the registry each session may have: its remotes with their pages and events. One question each, all of them
/// together, and the answer is kept.
///
/// Where an engine looks at entitlements alone, people with the same ones share one list, so that 500 remotes cost a page
/// nothing. Where it looks at more, a session has a list of its own for a few seconds.
#[derive(Default)]
pub struct Catalogue(RwLock<Known>);

/// A list that requests, and often sessions, share.
pub type Applications = Arc<[Arc<Application>]>;

#[derive(Default)]
struct Known {
    /// What the lists were made of. Another snapshot or other policies make others.
    of: Option<(Arc<Snapshot>, u64)>,
    by_entitlements: HashMap<Fingerprint, Applications>,
    by_session: HashMap<SessionId, Own>,
}

struct Own {
    entitlements: Fingerprint,
    until: OffsetDateTime,
    applications: Applications,
}

/// More sets of entitlements than that do not come from roles and plans; beyond it nothing is remembered.
const MOST_SETS: usize = 1_024;

/// More sessions than that are not on their pages at once; beyond it all are asked for anew.
const MOST_SESSIONS: usize = 10_000;

/// How long a session's own list counts: what changed outside the portal, in an agent's data or in a claim, holds after it.
const OWN_LIFE: Duration = Duration::seconds(5);

impl Catalogue {
    /// What `principal`, in the session `id`, may have of `snapshot`.
    ///
    /// # Errors
    /// The decision that is none, where the engine gives no answer. It is not remembered.
    pub async fn of(
        &self,
        engine: &dyn PolicyEngine,
        snapshot: Arc<Snapshot>,
        id: &SessionId,
        principal: &Principal,
        now: OffsetDateTime,
    ) -> Result<Applications, Decision> {
        let revision = engine.revision();
        let (basis, entitlements) = (engine.basis(), principal.entitlements.fingerprint());
        if let Some(known) = self.known(&snapshot, revision, basis, id, entitlements, now) {
            return Ok(known);
        }
        let applications = ask(engine, &snapshot, principal).await?;
        let own = Own { entitlements, until: now + OWN_LIFE, applications: Arc::clone(&applications) };
        self.keep(snapshot, revision, basis, *id, own, now);
        Ok(applications)
    }

    fn known(
        &self,
        snapshot: &Arc<Snapshot>,
        revision: u64,
        basis: Basis,
        id: &SessionId,
        entitlements: Fingerprint,
        now: OffsetDateTime,
    ) -> Option<Applications> {
        let known = self.0.read();
        let (of, at) = known.of.as_ref()?;
        if !Arc::ptr_eq(of, snapshot) || *at != revision {
            return None;
        }
        match basis {
            Basis::Entitlements => known.by_entitlements.get(&entitlements).cloned(),
            Basis::Person => {
                let own = known.by_session.get(id)?;
                let counts = own.entitlements == entitlements && now < own.until;
                counts.then(|| Arc::clone(&own.applications))
            }
        }
    }

    fn keep(
        &self,
        snapshot: Arc<Snapshot>,
        revision: u64,
        basis: Basis,
        id: SessionId,
        own: Own,
        now: OffsetDateTime,
    ) {
        let mut known = self.0.write();
        let is_same = known.of.as_ref().is_some_and(|(of, at)| Arc::ptr_eq(of, &snapshot) && *at == revision);
        if !is_same {
            *known = Known { of: Some((snapshot, revision)), ..Known::default() };
        }
        match basis {
            Basis::Entitlements if known.by_entitlements.len() < MOST_SETS => {
                known.by_entitlements.insert(own.entitlements, own.applications);
            }
            Basis::Entitlements => {}
            Basis::Person => {
                if known.by_session.len() >= MOST_SESSIONS {
                    known.by_session.retain(|_, own| now < own.until);
                }
                if known.by_session.len() >= MOST_SESSIONS {
                    known.by_session.clear();
                }
                known.by_session.insert(id, own);
            }
        }
    }
}

/// Every question about every remote, in one go. What is not answered is left out; where nothing is allowed and something is
/// not answered, the engine is away.
async fn ask(
    engine: &dyn PolicyEngine,
    snapshot: &Snapshot,
    principal: &Principal,
) -> Result<Applications, Decision> {
    let remotes = snapshot.remotes();
    let queries: Vec<Query<'_>> = remotes
        .iter()
        .flat_map(|remote| remote.offers().map(|offer| question(remote, offer, principal)))
        .collect();
    let decisions = engine.decide_all(&queries).await;
    if !decisions.iter().any(Decision::is_allowed)
        && let Some(unanswered) = decisions.iter().find(|decision| decision.is_unavailable())
    {
        return Err(unanswered.clone());
    }
    let mut allowed = decisions.iter().map(Decision::is_allowed);
    let applications = remotes
        .iter()
        .filter_map(|remote| {
            let own: Vec<bool> = allowed.by_ref().take(remote.offers().count()).collect();
            remote.application(own.into_iter()).map(Arc::new)
        })
        .collect();
    Ok(applications)
}

/// What is asked about a remote before a session may load it, call its service, or be told that it is there.
pub fn navigate<'q>(remote: &'q Remote, principal: &'q Principal) -> Query<'q> {
    question(remote, Offer::Remote, principal)
}

/// What is asked about something that a remote offers.
pub fn question<'q>(remote: &'q Remote, offer: Offer<'q>, principal: &'q Principal) -> Query<'q> {
    let needs = &remote.manifest.permissions.required;
    let (action, resource, required) = match offer {
        Offer::Remote => (Action::Navigate, Resource::Remote { id: &remote.id }, needs),
        Offer::Page { path } => (Action::Open, Resource::Page { path }, needs),
        Offer::Publish(event) => {
            (Action::Publish, Resource::Event { remote: &remote.id, kind: &event.kind }, &event.permissions)
        }
        Offer::Subscribe(event) => {
            (Action::Subscribe, Resource::Event { remote: &remote.id, kind: &event.kind }, &event.permissions)
        }
    };
    Query::new(Some(principal), action, resource).requiring(required)
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
