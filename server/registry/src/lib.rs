//! Manifests: found, verified, bounded by grants, resolved to what a session may load.
//!
//! A manifest passes these, in this order, and is left out with file, field and reason where it fails one:
//! [source](HostedManifest) → rules of the contract → signature by a key [trusted](TrustedKey) for the name → the
//! operator's [`Grants`] → hashes of the files that the portal serves → its [`Description`] → conflicts with other remotes. What passed stays
//! in use when a later reload finds something worse in its place.
//!
//! [`Registry::open`] loads everything once; [`Registry::snapshot`] is what requests work with: it never changes, and
//! what it costs a request does not grow with the number of remotes.

mod collect;
mod config;
mod conflicts;
mod description;
mod digest;
mod files;
mod grants;
mod load;
mod name_pattern;
mod problem;
mod registry;
mod remote;
mod signature;
mod snapshot;
mod source;

pub use config::{ConfigProblem, HostedManifest, RegistryConfig};
pub use description::Description;
pub use files::{FileError, VerifiedFile};
pub use grants::{Grant, Grants};
pub use name_pattern::{NamePattern, NamePatternError};
pub use problem::LoadProblem;
pub use registry::{OpenError, Registry, RegistryPorts, ReloadReport};
pub use remote::{Offer, Remote, Serving};
pub use signature::{DevelopmentKeyError, SignatureFile, TrustedKey, signed_bytes};
pub use snapshot::{CspSources, Snapshot};
