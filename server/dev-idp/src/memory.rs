//! What the provider keeps across restarts: its signing keys, who is signed in, and what they were granted.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::keys::SigningKeys;
use crate::store::{KeptStore, Store};

/// A file that this user alone can read.
pub(crate) struct Memory {
    file: PathBuf,
    /// One writes at a time, so that what was newer is never replaced by what was older.
    writing: Mutex<()>,
}

/// The file's content.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Another issuer's tokens are nothing to this one.
    pub(crate) issuer: String,
    pub(crate) keys: Vec<String>,
    pub(crate) store: KeptStore,
}

/// So many of each kind, the ones that last longest: a developer has a few, and a benchmark must not grow the file.
pub(crate) const LARGEST: usize = 2_000;

impl Memory {
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, writing: Mutex::default() }
    }

    /// What was kept for `issuer`. What cannot be read is no reason not to start: then nobody is signed in.
    pub(crate) fn recall(&self, issuer: &str) -> Option<(SigningKeys, KeptStore)> {
        let text = match std::fs::read(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %self.file.display(), %error, "what the provider had kept cannot be read");
                return None;
            }
        };
        let read = serde_json::from_slice(&text).ok();
        let read = read.and_then(|kept: Kept| Some((SigningKeys::from_kept(&kept.keys).ok()?, kept)));
        if read.is_none() {
            tracing::warn!(file = %self.file.display(), "what the provider had kept is not what it writes");
        }
        let (keys, kept) = read.filter(|(_, kept)| kept.issuer == issuer)?;
        Some((keys, kept.store))
    }

    /// Keeps what `of` says now.
    pub(crate) fn keep(&self, of: impl FnOnce() -> Kept) -> io::Result<()> {
        let _one_at_a_time = self.writing.lock();
        let text = serde_json::to_vec(&of())?;
        if let Some(directory) = self.file.parent() {
            std::fs::create_dir_all(directory)?;
        }
        // Replaced as a whole: whoever is killed in the middle leaves the one before.
        let next = self.file.with_extension("next");
        private_file(&next)?.write_all(&text)?;
        std::fs::rename(&next, &self.file)
    }
}

impl Kept {
    pub(crate) fn of(issuer: &str, keys: &SigningKeys, store: &Store, now: time::OffsetDateTime) -> Self {
        Self { issuer: issuer.to_owned(), keys: keys.to_kept(), store: store.kept(now, LARGEST) }
    }
}

/// A new file in place of whatever is there, which may have had other permissions.
fn private_file(path: &Path) -> io::Result<std::fs::File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
