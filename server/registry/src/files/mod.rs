//! The files that the portal serves for remotes: only listed ones, only with the listed hash.

mod content_type;
mod store;

use bytes::Bytes;
use thiserror::Error;

pub(crate) use content_type::content_type;
pub(crate) use store::FileStore;

/// A file whose bytes have the hash that the signed manifest names.
#[derive(Clone, Debug)]
pub struct VerifiedFile {
    /// Its bytes, shared with the cache.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: &'static str,
    /// Its hash, `sha384-…`: a strong entity tag.
    pub integrity: String,
}

/// Why a file is not served.
#[derive(Debug, Error)]
pub enum FileError {
    /// No manifest in use lists it for this portal to serve: not found.
    #[error("no remote in use has this file here")]
    NotListed,
    /// Its bytes are not those that were signed. This is an alarm: somebody or something changed a published file.
    #[error("{file}: expected {expected}, found {found}")]
    Changed {
        /// Where the file is.
        file: String,
        /// The hash that the signed manifest names.
        expected: String,
        /// The hash of what is there now.
        found: String,
    },
    /// It cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Where the file is.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
}
