//! Between remotes that each are fine: one version from one place, one version in use, one remote per route.

use std::collections::BTreeMap;
use std::sync::Arc;

use portico_contracts::VersionRange;
use semver::Version;

use crate::problem::LoadProblem;
use crate::remote::Remote;

/// What is left after conflicts: every version that may be served, and the one of each remote that is in use.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) versions: BTreeMap<(String, Version), Arc<Remote>>,
    pub(crate) in_use: BTreeMap<String, Arc<Remote>>,
    pub(crate) routes: BTreeMap<String, Arc<Remote>>,
    pub(crate) problems: Vec<LoadProblem>,
}

/// Settles conflicts between `remotes`. Who comes first in their order keeps what both claim.
pub(crate) fn settle(remotes: &[Arc<Remote>], shell: &Version) -> Settled {
    let mut settled = Settled::default();
    let mut order: Vec<&str> = Vec::new();
    for remote in remotes {
        let key = (remote.id.clone(), remote.version.clone());
        if let Some(first) = settled.versions.get(&key) {
            let reason = format!(
                "version {} of {} already comes from {}",
                remote.version, remote.manifest.name, first.source
            );
            settled.problems.push(problem(remote, "/version", reason));
            continue;
        }
        settled.versions.insert(key, Arc::clone(remote));
        if !order.contains(&remote.id.as_str()) {
            order.push(&remote.id);
        }
    }
    for id in order {
        if let Some(remote) = choose(id, &mut settled, shell) {
            claim_routes(remote, &mut settled);
        }
    }
    settled
}

/// The highest stable version that works with this shell. Prereleases wait for a channel that asks for them.
fn choose(id: &str, settled: &mut Settled, shell: &Version) -> Option<Arc<Remote>> {
    let mut refused = Vec::new();
    let mut chosen: Option<Arc<Remote>> = None;
    for remote in settled.versions.values().filter(|remote| remote.id == id) {
        let range = remote.manifest.shell.parse::<VersionRange>();
        if !range.is_ok_and(|range| range.allows(shell)) {
            let reason = format!("works with shell {}, this shell is {shell}", remote.manifest.shell);
            refused.push(problem(remote, "/shell", reason));
        } else if !remote.version.pre.is_empty() {
            refused.push(problem(remote, "/version", format!("{} is a prerelease", remote.version)));
        } else {
            // They come in ascending order.
            chosen = Some(Arc::clone(remote));
        }
    }
    if chosen.is_none() {
        settled.problems.extend(refused);
    }
    chosen
}

fn claim_routes(remote: Arc<Remote>, settled: &mut Settled) {
    for (i, route) in remote.manifest.frontend.routes.iter().enumerate() {
        let overlapping = settled.routes.iter().find(|(path, _)| overlap(path, &route.path));
        if let Some((path, owner)) = overlapping {
            let reason = format!("{} overlaps {path}, which belongs to {}", route.path, owner.manifest.name);
            let problem = problem(&remote, &format!("/frontend/routes/{i}/path"), reason);
            settled.problems.push(problem);
            return;
        }
    }
    for route in &remote.manifest.frontend.routes {
        settled.routes.insert(route.path.clone(), Arc::clone(&remote));
    }
    settled.in_use.insert(remote.id.clone(), remote);
}

/// A remote answers for a path and everything below it, so either inside the other would take pages away from it.
fn overlap(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn problem(remote: &Remote, field: &str, reason: String) -> LoadProblem {
    LoadProblem::new(&remote.source, field, reason).of_remote(&remote.manifest.name)
}
