//! `portico lint`: what stands in configuration and manifests and should not, with what to do about it.
//!
//! It reads files and nothing else: no signature is checked, no host is asked, nothing is written.

mod grants;
mod manifests;
mod remote;
mod routes;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Config;

pub use manifests::Declared;

/// Something that should not be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name, as `docs/gateway.md` lists it.
    pub rule: &'static str,
    /// The file it is in.
    pub file: String,
    /// Where in it: a JSON pointer (RFC 6901) in a manifest, a dotted key in the configuration.
    pub field: String,
    /// What is wrong.
    pub why: String,
    /// What to do about it.
    pub fix: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, file, field, why, fix } = self;
        write!(f, "{file} {field}\n  {rule}: {why}\n  {fix}")
    }
}

/// Everything that is found in `config`, which was read from `file`, in the manifests of its directories, and in `more`.
pub fn lint(config: &Config, file: Option<&Path>, more: &[PathBuf]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut remotes = Vec::new();
    let in_directories =
        config.registry.directories.iter().flat_map(|directory| manifests::in_directory(directory));
    for path in in_directories.chain(more.iter().cloned()) {
        match Declared::read(&path) {
            Ok(remote) => remotes.push(remote),
            Err(finding) => findings.push(finding),
        }
    }
    for remote in &remotes {
        remote::check(remote, &mut findings);
        routes::check(remote, &mut findings);
    }
    let file = file.map_or_else(|| "the configuration".to_owned(), |file| file.display().to_string());
    grants::check(config, &file, &remotes, &mut findings);
    findings
}

#[cfg(test)]
mod tests;
