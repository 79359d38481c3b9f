//! The wire types that remotes, the shell and the server share.
//!
//! JSON Schema and the TypeScript of the npm package `@portico/contracts` are generated from these types, so a
//! change here is a change of contract: `make lint` fails while the generated files differ.

mod application;
mod event;
mod problem;
mod session;

pub use application::{Application, ApplicationCard, ApplicationEvent, ApplicationRoute, Nav, Style};
pub use event::CloudEvent;
pub use problem::Problem;
pub use session::{Organization, Session};
