use std::collections::BTreeMap;

use portico_contracts::manifest::REMOTE_NAME;
use portico_contracts::{FieldProblem, Manifest};
use portico_ports::Clock;
use semver::Version;

use crate::description::Descriptions;
use crate::files::{FileError, FileStore};
use crate::grants::{Grants, exceeding};
use crate::problem::LoadProblem;
use crate::remote::{Remote, Serving};
use crate::signature::{DevelopmentKey, SignatureFile, TrustedKeys};
use crate::source::{Candidate, SIGNATURE_FILE};

/// What candidates are checked against.
pub(crate) struct Loader<'a> {
    pub(crate) trusted: &'a TrustedKeys,
    pub(crate) development: Option<&'a mut DevelopmentKey>,
    pub(crate) grants: &'a Grants,
    pub(crate) flags: &'a BTreeMap<String, BTreeMap<String, bool>>,
    pub(crate) files: &'a FileStore,
    pub(crate) descriptions: &'a mut Descriptions,
    pub(crate) clock: &'a dyn Clock,
}

impl Loader<'_> {
    /// The remote that `candidate` describes.
    ///
    /// # Errors
    /// Every problem of the first check that it does not pass.
    pub(crate) fn load(&mut self, candidate: &Candidate) -> Result<Remote, Vec<LoadProblem>> {
        let file = candidate.place.manifest();
        let fields = |problems: Vec<FieldProblem>| {
            problems.into_iter().map(|problem| LoadProblem::of_field(&file, problem)).collect::<Vec<_>>()
        };
        let manifest = Manifest::parse(&candidate.manifest).map_err(|error| {
            let problems = fields(error.problems);
            match name_in(&candidate.manifest) {
                Some(name) => problems.into_iter().map(|problem| problem.of_remote(&name)).collect(),
                None => problems,
            }
        })?;
        let named = |problems: Vec<LoadProblem>| {
            problems.into_iter().map(|problem| problem.of_remote(&manifest.name)).collect::<Vec<_>>()
        };
        let version = Version::parse(&manifest.version)
            .map_err(|error| named(vec![LoadProblem::new(&file, "/version", error.to_string())]))?;
        self.verify(candidate, &manifest).map_err(|problem| named(vec![problem]))?;
        let beyond = exceeding(&manifest, self.grants.of(&manifest.name));
        if !beyond.is_empty() {
            return Err(named(fields(beyond)));
        }
        let none = BTreeMap::new();
        let flags = self.flags.get(&manifest.name).unwrap_or(&none);
        let remote = Remote::new(manifest.clone(), version, &candidate.place, flags);
        let wrong = self.check_files(&remote, &file);
        if !wrong.is_empty() {
            return Err(named(wrong));
        }
        let description = self.descriptions.of(candidate, &manifest, self.files).map_err(named)?;
        Ok(remote.with_description(description))
    }

    /// The team's signature counts where there is one; the development key never replaces it.
    fn verify(&mut self, candidate: &Candidate, manifest: &Manifest) -> Result<(), LoadProblem> {
        let (name, bytes) = match (&candidate.signature, &mut self.development) {
            (Some(bytes), _) => (SIGNATURE_FILE.to_owned(), bytes.clone()),
            (None, Some(development)) if candidate.development_sign => {
                let name = development.signature_file();
                let signed = development.signature(candidate, manifest, self.clock);
                let unreadable = |error| {
                    LoadProblem::new(candidate.place.file(&name), "", format!("cannot be read: {error}"))
                };
                let bytes = signed.map_err(unreadable)?;
                (name, bytes)
            }
            _ => {
                let reason = format!("unsigned: expected a signature beside it, in {SIGNATURE_FILE}");
                return Err(LoadProblem::new(candidate.place.manifest(), "", reason));
            }
        };
        SignatureFile::parse(&bytes)
            .and_then(|signature| self.trusted.verify(&signature, &manifest.name, &candidate.manifest))
            .map_err(|problem| LoadProblem::of_field(&candidate.place.file(&name), problem))
    }

    /// Files that the portal serves must be there as they were signed. What others serve the browser checks, so that a
    /// wrong file shows where people see it, with a name on it.
    fn check_files(&self, remote: &Remote, manifest_file: &str) -> Vec<LoadProblem> {
        let Serving::Portal { directory } = &remote.serving else { return Vec::new() };
        let mut problems = Vec::new();
        for (path, integrity) in remote.files() {
            let field = field_of(remote, path);
            let Some(integrity) = integrity else {
                if !remote.manifest.frontend.files.contains_key(path) {
                    let reason = "expected a hash, since the portal serves the entry itself";
                    problems.push(LoadProblem::new(manifest_file, field, reason));
                }
                continue;
            };
            let reason = match self.files.verified(&directory.join(path), integrity) {
                Ok(_) => continue,
                Err(FileError::Changed { found, .. }) => {
                    format!("{path} is not the file that was signed: expected {integrity}, found {found}")
                }
                Err(error) => format!("{path} is listed but cannot be read: {error}"),
            };
            problems.push(LoadProblem::new(manifest_file, field, reason));
        }
        problems
    }
}

/// The name in a manifest that breaks other rules, so that its team is told.
fn name_in(manifest: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
    }
    serde_json::from_slice::<Named>(manifest)
        .ok()
        .map(|named| named.name)
        .filter(|name| (REMOTE_NAME.holds)(name))
}

/// The field that names the hash of `path`.
fn field_of(remote: &Remote, path: &str) -> String {
    let frontend = &remote.manifest.frontend;
    if frontend.entry == path {
        return "/frontend/integrity".to_owned();
    }
    match frontend.styles.iter().position(|style| style.href == path) {
        Some(i) => format!("/frontend/styles/{i}/integrity"),
        None => format!("/frontend/files/{}", path.replace('~', "~0").replace('/', "~1")),
    }
}
