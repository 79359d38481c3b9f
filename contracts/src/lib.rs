//! The wire types that remotes, the shell and the server share.
//!
//! JSON Schema and the TypeScript of the npm package `@portico/contracts` are generated from these types, so a
//! change here is a change of contract: `cargo test -p portico-contracts` fails while the generated files differ, and
//! writes them with `UPDATE=1`. The schema derives are compiled for that test only.

mod application;
mod entries;
mod event;
#[cfg(test)]
mod generated;
pub mod manifest;
mod problem;
mod session;
mod version_range;

pub use application::{Application, ApplicationCard, ApplicationEvent, ApplicationRoute, Nav, Style};
pub use event::CloudEvent;
pub use manifest::{FieldProblem, Manifest, ManifestError};
pub use problem::{FieldError, Problem};
pub use session::{Organization, Session};
pub use version_range::{VersionRange, VersionRangeError};

/// The version of the contract that this shell keeps: manifests name it in `shell`, remotes see it in `ctx.shell.version`.
pub const SHELL_VERSION: &str = "1.0.0";
