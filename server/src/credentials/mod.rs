//! Credentials of upstreams outside OAuth: read from where the operator keeps them, kept current, never shown.

mod build;
mod keep;
mod sources;

pub use build::build;
pub use keep::{Keeper, first_turn, spawn};
