use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use parking_lot::Mutex;

use super::FileError;
use crate::digest::{integrity_of, matches};

/// Verified files in memory, bounded. A file is read and hashed again when its time or length changes.
pub(crate) struct FileStore {
    /// The most bytes to hold.
    budget: usize,
    held: Mutex<Held>,
    alarms: AtomicU64,
}

#[derive(Default)]
struct Held {
    files: HashMap<PathBuf, HeldFile>,
    bytes: usize,
    /// Counts uses, to find what was used least recently.
    clock: u64,
}

struct HeldFile {
    bytes: Bytes,
    integrity: String,
    stamp: Stamp,
    used: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl FileStore {
    pub(crate) fn new(budget: usize) -> Self {
        Self { budget, held: Mutex::default(), alarms: AtomicU64::new(0) }
    }

    /// How often a file had other bytes than were signed.
    pub(crate) fn alarms(&self) -> u64 {
        self.alarms.load(Ordering::Relaxed)
    }

    /// The bytes of the file at `path`, which have the hash `integrity`. Reads the disk where they are not in memory.
    pub(crate) fn verified(&self, path: &Path, integrity: &str) -> Result<Bytes, FileError> {
        let stamp = match fs::metadata(path) {
            Ok(metadata) => Stamp { modified: metadata.modified().ok(), length: metadata.len() },
            // A version that was built over is still open in browsers: its verified bytes are the last good ones.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self.held(path, integrity, None).ok_or_else(|| unreadable(path, error));
            }
            Err(error) => return Err(unreadable(path, error)),
        };
        if let Some(bytes) = self.held(path, integrity, Some(stamp)) {
            return Ok(bytes);
        }
        let bytes = Bytes::from(fs::read(path).map_err(|error| unreadable(path, error))?);
        if !matches(&bytes, integrity) {
            self.alarms.fetch_add(1, Ordering::Relaxed);
            return Err(FileError::Changed {
                file: path.display().to_string(),
                expected: integrity.to_owned(),
                found: integrity_of(&bytes, integrity).unwrap_or_default(),
            });
        }
        self.hold(path, HeldFile { bytes: bytes.clone(), integrity: integrity.to_owned(), stamp, used: 0 });
        Ok(bytes)
    }

    fn held(&self, path: &Path, integrity: &str, stamp: Option<Stamp>) -> Option<Bytes> {
        let mut held = self.held.lock();
        held.clock += 1;
        let now = held.clock;
        let file = held.files.get_mut(path)?;
        if file.integrity != integrity || stamp.is_some_and(|stamp| stamp != file.stamp) {
            return None;
        }
        file.used = now;
        Some(file.bytes.clone())
    }

    fn hold(&self, path: &Path, file: HeldFile) {
        if file.bytes.len() > self.budget {
            return;
        }
        let mut held = self.held.lock();
        held.bytes += file.bytes.len();
        let used = held.clock;
        if let Some(replaced) = held.files.insert(path.to_owned(), HeldFile { used, ..file }) {
            held.bytes -= replaced.bytes.len();
        }
        while held.bytes > self.budget {
            let oldest = held.files.iter().min_by_key(|(_, file)| file.used).map(|(path, _)| path.clone());
            let Some(removed) = oldest.and_then(|oldest| held.files.remove(&oldest)) else { break };
            held.bytes -= removed.bytes.len();
        }
    }
}

fn unreadable(path: &Path, source: io::Error) -> FileError {
    FileError::Unreadable { file: path.display().to_string(), source }
}
