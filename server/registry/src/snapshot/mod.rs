//! What is loaded at one moment. It never changes: a reload makes another.

mod csp;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::conflicts::Settled;
use crate::problem::LoadProblem;
use crate::remote::Remote;

pub use csp::CspSources;

/// Everything that requests need to know of the remotes.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The version in use, by id.
    in_use: HashMap<String, Arc<Remote>>,
    /// In the order of their ids.
    ordered: Vec<Arc<Remote>>,
    /// Every version whose files may be asked for: by id, then by version.
    versions: HashMap<String, HashMap<String, Arc<Remote>>>,
    /// By the paths of their routes.
    routes: HashMap<String, Arc<Remote>>,
    problems: Vec<LoadProblem>,
    incomplete: bool,
}

impl Snapshot {
    pub(crate) fn new(settled: Settled, problems: Vec<LoadProblem>, incomplete: bool) -> Self {
        let mut versions: HashMap<String, HashMap<String, Arc<Remote>>> = HashMap::new();
        for ((id, version), remote) in settled.versions {
            versions.entry(id).or_default().insert(version.to_string(), remote);
        }
        Self {
            ordered: settled.in_use.values().cloned().collect(),
            in_use: settled.in_use.into_iter().collect(),
            versions,
            routes: settled.routes.into_iter().collect(),
            problems: problems.into_iter().chain(settled.problems).collect(),
            incomplete,
        }
    }

    /// The remote with this id, in the version in use. Whether a session may use it is another question.
    pub fn remote(&self, id: &str) -> Option<&Arc<Remote>> {
        self.in_use.get(id)
    }

    /// Every remote in use, in the order of their ids.
    pub fn remotes(&self) -> &[Arc<Remote>] {
        &self.ordered
    }

    /// The remote that answers for `path`, be it visible to anyone or not: what tells forbidden from not found.
    pub fn route_owner(&self, path: &str) -> Option<&Arc<Remote>> {
        let mut path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        while !path.is_empty() {
            if let Some(remote) = self.routes.get(path) {
                return Some(remote);
            }
            path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        None
    }

    /// One version of a remote, in use or not.
    pub(crate) fn version(&self, id: &str, version: &str) -> Option<&Arc<Remote>> {
        self.versions.get(id)?.get(version)
    }

    /// What was found and is not in use, with file, field and reason.
    pub fn problems(&self) -> &[LoadProblem] {
        &self.problems
    }

    /// Whether some source could not be reached: a reload a moment later may find more.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// The Kafka topics that the remotes in use subscribe to.
    pub fn subscribed_topics(&self) -> BTreeSet<&str> {
        let events = self.ordered.iter().flat_map(|remote| &remote.manifest.events.subscribe);
        events.map(|event| event.topic.as_str()).collect()
    }

    /// The Kafka topics that the remotes in use publish to.
    pub fn published_topics(&self) -> BTreeSet<&str> {
        let events = self.ordered.iter().flat_map(|remote| &remote.manifest.events.publish);
        events.map(|event| event.topic.as_str()).collect()
    }
}
