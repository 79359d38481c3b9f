use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use portico_contracts::Application;

use super::Snapshot;

/// What of a session decides over its remotes.
#[derive(Clone, Copy, Debug)]
pub struct SessionView<'a> {
    /// The organization it acts for.
    pub org_id: &'a str,
    /// Its entitlements, sorted.
    pub entitlements: &'a [String],
}

/// Applications by entitlements: people with the same entitlements share one list, so that a request costs a look-up,
/// however many remotes there are.
#[derive(Debug, Default)]
pub(super) struct Resolved(RwLock<HashMap<Vec<String>, Shared>>);

/// A list that sessions share.
type Shared = Arc<[Arc<Application>]>;

/// More sets of entitlements than that do not come from roles and plans; beyond it nothing is remembered.
const MOST_SETS: usize = 1_024;

impl Snapshot {
    /// The remotes that a session may load, in the order of their ids. Cheap: the list is shared.
    pub fn resolve(&self, session: &SessionView<'_>) -> Arc<[Arc<Application>]> {
        if let Some(known) = self.resolved.0.read().get(session.entitlements) {
            return Arc::clone(known);
        }
        let visible = self.ordered.iter().filter(|remote| remote.is_visible_to(session.entitlements));
        let applications: Arc<[Arc<Application>]> =
            visible.map(|remote| Arc::new(remote.application_for(session.entitlements))).collect();
        let mut resolved = self.resolved.0.write();
        if resolved.len() < MOST_SETS {
            resolved.insert(session.entitlements.to_vec(), Arc::clone(&applications));
        }
        applications
    }
}
