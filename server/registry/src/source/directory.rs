use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Candidate, Found, MANIFEST_FILE, Place, SIGNATURE_FILE, Unreachable};
use crate::problem::LoadProblem;

/// Reads the manifests of the remotes in `directory`, in the order of their names, fixtures last.
pub(crate) fn in_directory(directory: &Path, fixtures: bool) -> Found {
    let mut found = Found::default();
    match subdirectories(directory) {
        Ok(remotes) => {
            remotes
                .iter()
                .filter(|path| !path.ends_with("fixtures"))
                .for_each(|path| read_remote(path, &mut found));
        }
        Err(error) => {
            let reason = format!("expected a directory of remotes: {error}");
            found.problems.push(LoadProblem::new(directory.display().to_string(), "", reason));
        }
    }
    if fixtures {
        // A directory without fixtures is nothing to complain about.
        subdirectories(&directory.join("fixtures"))
            .iter()
            .flatten()
            .for_each(|path| read_remote(path, &mut found));
    }
    found
}

fn subdirectories(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "node_modules" {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A remote's project has its built manifest in `dist/`; the one in its root is the source it is built from, without
/// hashes. A directory prepared for serving has no project in it.
fn read_remote(path: &Path, found: &mut Found) {
    let built = path.join("dist");
    if built.join(MANIFEST_FILE).is_file() {
        read_manifest(built, found);
    } else if path.join(MANIFEST_FILE).is_file() && !path.join("package.json").is_file() {
        read_manifest(path.to_owned(), found);
    } else if path.join(MANIFEST_FILE).is_file() {
        let file = built.join(MANIFEST_FILE).display().to_string();
        found.problems.push(LoadProblem::new(
            file,
            "",
            "the remote is not built: expected what `npm run build` writes",
        ));
    }
}

fn read_manifest(directory: PathBuf, found: &mut Found) {
    let signature = directory.join(SIGNATURE_FILE);
    let signature = match fs::read(&signature) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err((signature, error)),
    };
    let manifest = directory.join(MANIFEST_FILE);
    let manifest = fs::read(&manifest).map_err(|error| (manifest, error));
    let place = Place::Directory(directory);
    match (manifest, signature) {
        (Ok(manifest), Ok(signature)) => {
            found.candidates.push(Candidate {
                place,
                manifest,
                signature,
                openapi: None,
                development_sign: true,
            });
        }
        (Err((file, error)), _) | (_, Err((file, error))) => {
            let problem =
                LoadProblem::new(file.display().to_string(), "", format!("cannot be read: {error}"));
            found.unreachable.push(Unreachable { place, problem });
        }
    }
}
