//! The Cedar engine: policies and schema from files, validated before they are used.

mod entities;
mod known;
mod load;
mod slices;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use cedar_policy::{Authorizer, Decision as Verdict, PolicyId, Response};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::kept::Kept;
use crate::{Basis, Decision, Health, PolicyEngine, Query, Reload, RolePolicy};
use entities::{Names, Unaskable};
use load::{Loaded, Sources};

pub(crate) use entities::PersonEntity;
pub use load::CedarError;

/// The schema that policies are validated against where the configuration names no other.
pub const SCHEMA: &str = include_str!("portico.cedarschema");

/// `[policy.cedar]`: where policies are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CedarConfig {
    /// A file, or a directory of which every file that ends in `.cedar` counts.
    pub policies: Option<PathBuf>,
    /// A schema in Cedar's own syntax instead of the portal's [`SCHEMA`]. It has to accept everything that the portal asks.
    pub schema: Option<PathBuf>,
}

/// Decides by Cedar policies what roles and conditions have allowed already.
///
/// What a manifest declares always holds, so that a remote team knows what its service may rely on: policies narrow it,
/// and nothing they say grants what a declared permission refuses. Where a policy cannot be evaluated there is no decision,
/// since Cedar would go on without it, and it may have been the one that forbids; what another policy forbids is forbidden
/// all the same.
pub struct CedarPolicy {
    config: CedarConfig,
    authorizer: Authorizer,
    names: Names,
    /// Whoever has no session.
    nobody: Kept<PersonEntity>,
    current: RwLock<Arc<Loaded>>,
    /// What was found last, used or not, and why it is not used.
    seen: RwLock<(Sources, Option<String>)>,
    revision: AtomicU64,
}

impl CedarPolicy {
    /// Loads and validates the policies.
    ///
    /// # Errors
    /// Names the file, and line and column where the error has a place.
    pub fn open(config: CedarConfig) -> Result<Self, CedarError> {
        let names = Names::new();
        let sources = Sources::read(&config)?;
        let loaded = Loaded::compile(&sources, &names)?;
        Ok(Self {
            config,
            authorizer: Authorizer::new(),
            names,
            nobody: Kept::default(),
            current: RwLock::new(Arc::new(loaded)),
            seen: RwLock::new((sources, None)),
            revision: AtomicU64::new(0),
        })
    }

    fn ask_cedar(&self, query: &Query<'_>) -> Decision {
        let person = match query.principal {
            Some(person) => self.names.of(person),
            None => self.nobody.get_or_try_make(|| self.names.nobody()),
        };
        let loaded = Arc::clone(&self.current.read());
        match person {
            Ok(person) => {
                let evaluate = || self.evaluate(query, person, &loaded);
                person.known.answer(loaded.generation, query, evaluate)
            }
            Err(error) => unaskable(&error),
        }
    }

    fn evaluate(&self, query: &Query<'_>, person: &PersonEntity, loaded: &Loaded) -> Decision {
        let (request, entities) = match self.names.ask(query, person) {
            Ok(asked) => asked,
            Err(error) => return unaskable(&error),
        };
        let policies = loaded.policies.about(query, &self.names);
        explain(&self.authorizer.is_authorized(&request, &policies, &entities))
    }

    fn refuse(&self, sources: Sources, reason: String) -> Reload {
        *self.seen.write() = (sources, Some(reason.clone()));
        Reload::Refused(reason)
    }
}

#[async_trait]
impl PolicyEngine for CedarPolicy {
    fn decide_now(&self, query: &Query<'_>) -> Option<Decision> {
        Some(RolePolicy::settle(query).unwrap_or_else(|| self.ask_cedar(query)))
    }

    fn basis(&self) -> Basis {
        Basis::Person
    }

    fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    fn reload(&self) -> Reload {
        let sources = match Sources::read(&self.config) {
            Ok(sources) => sources,
            Err(error) => {
                let reason = error.to_string();
                let known = self.seen.read().1.as_ref() == Some(&reason);
                return if known { Reload::Unchanged } else { self.refuse(Sources::default(), reason) };
            }
        };
        if self.seen.read().0 == sources {
            return Reload::Unchanged;
        }
        match Loaded::compile(&sources, &self.names) {
            Ok(loaded) => {
                *self.current.write() = Arc::new(loaded);
                *self.seen.write() = (sources, None);
                self.revision.fetch_add(1, Ordering::AcqRel);
                Reload::Changed
            }
            Err(error) => self.refuse(sources, error.to_string()),
        }
    }

    async fn health(&self) -> Health {
        self.seen.read().1.clone().map_or(Health::Good, Health::Stale)
    }
}

fn unaskable(error: &Unaskable) -> Decision {
    Decision::unavailable(format!("Cedar cannot be asked: {error}"))
}

/// Which policies made the answer.
fn explain(response: &Response) -> Decision {
    let diagnostics = response.diagnostics();
    let policies = named(diagnostics.reason());
    match (response.decision(), diagnostics.errors().next()) {
        (Verdict::Deny, _) if !policies.is_empty() => Decision::deny(format!("forbidden by {policies}")),
        (_, Some(error)) => Decision::unavailable(format!("a policy cannot be evaluated: {error}")),
        (Verdict::Allow, None) => Decision::allow(format!("permitted by {policies}")),
        (Verdict::Deny, None) => Decision::deny("no policy permits it"),
    }
}

fn named<'p>(policies: impl Iterator<Item = &'p PolicyId>) -> String {
    let mut names: Vec<&str> = policies.map(AsRef::as_ref).collect();
    names.sort_unstable();
    names.join(", ")
}
