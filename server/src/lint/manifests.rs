use std::path::{Path, PathBuf};

use portico_contracts::manifest::{Backend, Events, Security, remote_id};
use serde::Deserialize;

use super::Finding;

/// What a manifest declares, as far as policy is concerned. A project's own manifest has neither version nor hashes yet, so
/// that it cannot be read as a whole.
#[derive(Clone, Debug, Deserialize)]
pub struct Declared {
    /// Where it was read from.
    #[serde(skip)]
    pub file: String,
    /// `@scope/name`.
    pub name: String,
    /// The team.
    #[serde(default)]
    pub owner: String,
    /// Its service.
    #[serde(default)]
    pub backend: Option<Backend>,
    /// What it publishes and subscribes to.
    #[serde(default)]
    pub events: Events,
    /// What it asks of the browser.
    #[serde(default)]
    pub security: Security,
}

impl Declared {
    /// Reads one.
    ///
    /// # Errors
    /// The finding that says why it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Finding> {
        let file = path.display().to_string();
        let unreadable = |field: String, why: String| Finding {
            rule: "not-a-manifest",
            file: file.clone(),
            field,
            why,
            fix: "Write it as docs/remote-guide.md says.",
        };
        let text = std::fs::read(path).map_err(|error| unreadable(String::new(), error.to_string()))?;
        let mut reader = serde_json::Deserializer::from_slice(&text);
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut reader);
        let read = read.map_err(|error| {
            let field = error.path().to_string();
            unreadable(field, error.into_inner().to_string())
        })?;
        Ok(Self { file, ..read })
    }

    /// `scope.name`.
    pub fn id(&self) -> String {
        remote_id(&self.name)
    }

    pub(super) fn finding(
        &self,
        rule: &'static str,
        field: impl Into<String>,
        why: impl Into<String>,
        fix: &'static str,
    ) -> Finding {
        Finding { rule, file: self.file.clone(), field: field.into(), why: why.into(), fix }
    }
}

/// The manifests of the projects in `directory`, in the order of their names: the one that a team writes rather than what was
/// built from it. Fixtures are wrong on purpose.
pub(super) fn in_directory(directory: &Path) -> Vec<PathBuf> {
    let mut projects: Vec<_> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !path.ends_with("fixtures"))
        .collect();
    projects.sort();
    let manifest = |project: PathBuf| {
        let places = ["remote.json", "dist/remote.json"].map(|place| project.join(place));
        places.into_iter().find(|place| place.is_file())
    };
    projects.into_iter().filter_map(manifest).collect()
}
