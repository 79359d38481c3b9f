use std::collections::HashMap;
use std::sync::Arc;

use crate::load::Loader;
use crate::problem::LoadProblem;
use crate::remote::Remote;
use crate::source::{Found, Place, Unreachable};

/// What one round over all sources brought, before conflicts between remotes are settled.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Collected {
    /// In the order of their sources.
    pub(crate) remotes: Vec<Arc<Remote>>,
    pub(crate) problems: Vec<LoadProblem>,
    /// Whether some source could not be reached.
    pub(crate) incomplete: bool,
}

/// Loads what was found. A place whose manifest is bad or cannot be read keeps the remote it had in `before`.
pub(crate) fn collect(found: Found, loader: &mut Loader<'_>, before: &Collected) -> Collected {
    let last_good: HashMap<&str, &Arc<Remote>> =
        before.remotes.iter().map(|remote| (remote.source.as_str(), remote)).collect();
    let last_good_of =
        |place: &Place| last_good.get(place.manifest().as_str()).map(|remote| Arc::clone(remote));
    let mut collected = Collected {
        problems: found.problems,
        incomplete: !found.unreachable.is_empty(),
        ..Collected::default()
    };
    for candidate in &found.candidates {
        let known = last_good_of(&candidate.place);
        match loader.load(candidate) {
            // The same as before stays the same value, so that comparing two rounds costs little.
            Ok(remote) => {
                let same = known.filter(|known| **known == remote);
                collected.remotes.push(same.unwrap_or_else(|| Arc::new(remote)));
            }
            Err(problems) => collected.keep(known, problems),
        }
    }
    for Unreachable { place, problem } in found.unreachable {
        collected.keep(last_good_of(&place), vec![problem]);
    }
    collected
}

impl Collected {
    fn keep(&mut self, last_good: Option<Arc<Remote>>, problems: Vec<LoadProblem>) {
        let last_good_kept = last_good.is_some();
        self.problems.extend(problems.into_iter().map(|problem| LoadProblem { last_good_kept, ..problem }));
        self.remotes.extend(last_good);
    }
}
