//! Where manifests are found. Nothing here judges them.

mod directory;
mod hosted;

use std::path::PathBuf;

use crate::problem::LoadProblem;

pub(crate) use directory::in_directory;
pub(crate) use hosted::at_url;

/// The manifest's file name.
pub(crate) const MANIFEST_FILE: &str = "remote.json";

/// The file with the team's signature, beside the manifest.
pub(crate) const SIGNATURE_FILE: &str = "remote.sig.json";

/// A manifest that was found, with the team's signature where there is one.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) place: Place,
    pub(crate) manifest: Vec<u8>,
    pub(crate) signature: Option<Vec<u8>>,
    /// The OpenAPI document that a hosted manifest names, if it could be fetched. In a directory it is read when needed.
    pub(crate) openapi: Option<Vec<u8>>,
    /// Whether the development key may sign it if the team did not.
    pub(crate) development_sign: bool,
}

/// Where a manifest is, and so where its files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this directory, as `remote.json`.
    Directory(PathBuf),
    /// At this URL.
    Hosted(String),
}

/// What a source brought.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) problems: Vec<LoadProblem>,
    /// What came from these before stays in use.
    pub(crate) unreachable: Vec<Unreachable>,
}

/// A place that could not be read this time.
#[derive(Debug)]
pub(crate) struct Unreachable {
    pub(crate) place: Place,
    pub(crate) problem: LoadProblem,
}

impl Place {
    /// The manifest's path or URL, as problems name it.
    pub(crate) fn manifest(&self) -> String {
        self.file(MANIFEST_FILE)
    }

    /// The path or URL of `file`, a path relative to the manifest.
    pub(crate) fn file(&self, file: &str) -> String {
        match self {
            Self::Directory(directory) => directory.join(file).display().to_string(),
            Self::Hosted(url) if file == MANIFEST_FILE => url.clone(),
            Self::Hosted(url) => format!("{}/{file}", base_of(url)),
        }
    }
}

/// A manifest's URL without its last segment and the slash before it.
pub(crate) fn base_of(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(base, _)| base)
}

impl Found {
    pub(crate) fn extend(&mut self, other: Self) {
        self.candidates.extend(other.candidates);
        self.problems.extend(other.problems);
        self.unreachable.extend(other.unreachable);
    }
}
