//! The OpenAPI documents that manifests name: verified like every file, compiled once, held against the declared routes.

use std::collections::HashMap;
use std::sync::Arc;

use portico_contracts::Manifest;
use portico_openapi::Document;

use crate::digest::matches;
use crate::files::FileStore;
use crate::problem::LoadProblem;
use crate::source::{Candidate, Place};

/// What a remote's OpenAPI document says of its service. Two are the same when their bytes are.
#[derive(Clone, Debug)]
pub struct Description {
    /// The hash that the signed manifest names.
    integrity: String,
    document: Arc<Document>,
}

impl Description {
    /// The compiled document.
    pub fn document(&self) -> &Arc<Document> {
        &self.document
    }
}

impl PartialEq for Description {
    fn eq(&self, other: &Self) -> bool {
        self.integrity == other.integrity
    }
}

impl Eq for Description {}

/// Compiled documents by hash: a reload of what has not changed compiles nothing.
#[derive(Debug, Default)]
pub(crate) struct Descriptions(HashMap<String, Description>);

impl Descriptions {
    /// The description that `manifest` names, if it names one.
    ///
    /// # Errors
    /// `/openapi`: no hash in `/frontend/files`, other bytes than were signed, or no usable document; `/backend/routes/…`:
    /// a route that the document does not know, whose calls would all be refused.
    pub(crate) fn of(
        &mut self,
        candidate: &Candidate,
        manifest: &Manifest,
        files: &FileStore,
    ) -> Result<Option<Description>, Vec<LoadProblem>> {
        let Some(path) = &manifest.openapi else { return Ok(None) };
        let file = candidate.place.manifest();
        let problem = |reason: String| vec![LoadProblem::new(&file, "/openapi", reason)];
        let integrity =
            manifest.frontend.files.get(path).ok_or_else(|| {
                problem(format!("expected the hash of {path} in /frontend/files, found none"))
            })?;
        let description = match self.0.get(integrity) {
            Some(known) => known.clone(),
            None => {
                let bytes = bytes(candidate, path, integrity, files).map_err(problem)?;
                let document =
                    Document::parse(path, &bytes).map_err(|error| problem(format!("{path} {error}")))?;
                let new = Description { integrity: integrity.clone(), document: Arc::new(document) };
                self.0.insert(integrity.clone(), new.clone());
                new
            }
        };
        let unknown = unknown_routes(manifest, &description.document, path, &file);
        if unknown.is_empty() { Ok(Some(description)) } else { Err(unknown) }
    }

    /// Forgets what no remote uses any more.
    pub(crate) fn forget_unused(&mut self) {
        self.0.retain(|_, description| Arc::strong_count(&description.document) > 1);
    }
}

/// The document's bytes, which have the hash that was signed.
fn bytes(candidate: &Candidate, path: &str, integrity: &str, files: &FileStore) -> Result<Vec<u8>, String> {
    match &candidate.place {
        Place::Directory(directory) => {
            let bytes = files.verified(&directory.join(path), integrity);
            bytes.map(|bytes| bytes.to_vec()).map_err(|error| format!("{path} cannot be used: {error}"))
        }
        Place::Hosted(_) => {
            let bytes = candidate.openapi.clone().ok_or_else(|| format!("{path} cannot be fetched"))?;
            if matches(&bytes, integrity) {
                Ok(bytes)
            } else {
                Err(format!("{path} is not the file that was signed"))
            }
        }
    }
}

fn unknown_routes(manifest: &Manifest, document: &Document, path: &str, file: &str) -> Vec<LoadProblem> {
    let routes = manifest.backend.iter().flat_map(|backend| backend.routes.iter().enumerate());
    let calls = routes
        .flat_map(|(i, route)| route.methods.iter().map(move |method| (i, &route.path, method.as_str())));
    calls
        .filter(|(_, pattern, method)| !document.knows(method, pattern))
        .map(|(i, pattern, method)| {
            let reason = format!("{path} has no operation for {method} {pattern}");
            LoadProblem::new(file, format!("/backend/routes/{i}"), reason)
        })
        .collect()
}
