use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{SigningKey, VerifyingKey};
use portico_contracts::Manifest;
use portico_ports::{Clock, Random};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{ALGORITHM, SignatureFile, signed_bytes};
use crate::source::{Candidate, Place};

/// Signs, in development only, what its team did not sign: once, at first sight. Afterwards the signature is verified
/// like any other, and a changed byte is refused.
pub(crate) struct DevelopmentKey {
    id: String,
    key: SigningKey,
    /// Signatures that have no file: those of hosted manifests by URL and version, and of read-only directories.
    in_memory: HashMap<String, Vec<u8>>,
}

/// Why there is no development key.
#[derive(Debug, Error)]
pub enum DevelopmentKeyError {
    /// The key's file can neither be read nor made.
    #[error("the development key {path}: {source}")]
    File {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key's file is not one that this program wrote.
    #[error(
        "the development key {path}: expected 32 bytes in base64; delete the file to have a new key made"
    )]
    Format {
        /// Where it is.
        path: PathBuf,
    },
    /// Others can read the key.
    #[error("the development key {path}: expected to be readable by its owner only (mode 0600)")]
    Permissions {
        /// Where it is.
        path: PathBuf,
    },
}

impl DevelopmentKey {
    /// Reads the key in `path`, or makes one.
    pub(crate) fn open(path: &Path, random: &dyn Random) -> Result<Self, DevelopmentKeyError> {
        let failed = |source| DevelopmentKeyError::File { path: path.to_owned(), source };
        if !path.exists() {
            create(path, random).map_err(failed)?;
        }
        if !is_private(path).map_err(failed)? {
            return Err(DevelopmentKeyError::Permissions { path: path.to_owned() });
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let seed = STANDARD.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let seed = seed.ok_or_else(|| DevelopmentKeyError::Format { path: path.to_owned() })?;
        let key = SigningKey::from_bytes(&seed);
        let fingerprint = Sha256::digest(key.verifying_key().as_bytes());
        let id =
            fingerprint[..6].iter().fold("development-".to_owned(), |id, byte| format!("{id}{byte:02x}"));
        Ok(Self { id, key, in_memory: HashMap::new() })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// The name of this key's signature files. The key's id is in it, so that portals with keys of their own, as tests
    /// have, can share a directory of remotes.
    pub(crate) fn signature_file(&self) -> String {
        format!("remote.{}.sig.json", self.id)
    }

    /// The signature made earlier for `candidate`, or one made now.
    pub(crate) fn signature(
        &mut self,
        candidate: &Candidate,
        manifest: &Manifest,
        clock: &dyn Clock,
    ) -> io::Result<Vec<u8>> {
        let key = format!("{} {}", candidate.place.manifest(), manifest.version);
        if let Some(signature) = self.in_memory.get(&key) {
            return Ok(signature.clone());
        }
        let file = match &candidate.place {
            Place::Directory(directory) => Some(directory.join(self.signature_file())),
            Place::Hosted(_) => None,
        };
        match file.as_ref().map(fs::read) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Some(Ok(bytes)) => return Ok(bytes),
            _ => {}
        }
        let signature = self.sign(&manifest.name, &candidate.manifest, clock);
        let written = file.as_ref().is_some_and(|file| write_whole(file, &signature).is_ok());
        if let Some(file) = file.filter(|_| written) {
            remove_leftovers(&file, clock);
        }
        if !written {
            self.in_memory.insert(key, signature.clone());
        }
        Ok(signature)
    }

    fn sign(&self, name: &str, manifest: &[u8], clock: &dyn Clock) -> Vec<u8> {
        use ed25519_dalek::Signer as _;
        let signed_at = clock.now().format(&Rfc3339).ok();
        let signature = self.key.sign(&signed_bytes(&self.id, name, signed_at.as_deref(), manifest));
        let file = SignatureFile {
            key_id: self.id.clone(),
            algorithm: ALGORITHM.to_owned(),
            signature: STANDARD.encode(signature.to_bytes()),
            signed_at,
        };
        let mut text = serde_json::to_vec_pretty(&file).expect("a signature file is JSON");
        text.push(b'\n');
        text
    }
}

/// Removes the signatures that portals with other keys, as every test run has one, left beside `own` an hour ago or
/// earlier. One that is still running signs again. Failing to is harmless.
fn remove_leftovers(own: &Path, clock: &dyn Clock) {
    let entries = own.parent().and_then(|directory| fs::read_dir(directory).ok()).into_iter().flatten();
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.starts_with("remote.development-") && name.ends_with(".sig.json");
        let signed = entry.metadata().and_then(|data| data.modified()).map(OffsetDateTime::from);
        if is_ours
            && entry.path() != own
            && signed.is_ok_and(|signed| clock.now() - signed >= time::Duration::HOUR)
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes the key's file, or leaves the one that another process made in the same moment.
fn create(path: &Path, random: &dyn Random) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut seed = [0_u8; 32];
    random.fill(&mut seed);
    let draft = directory.join(format!(".development-key-{}", portico_ports::token::<8>(random)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&draft)?.write_all(STANDARD.encode(seed).as_bytes())?;
    // A link appears whole or, where the file exists by now, not at all.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(unix)]
fn is_private(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Writes a file that nobody ever sees half of.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    fs::write(&draft, bytes)?;
    fs::rename(&draft, path)
}
