//! Credentials of upstreams outside OAuth, keys of GitHub Apps, what Kafka is shown, and keys of events: read from where the operator keeps them, kept current, never shown.

mod brokers;
mod build;
mod event_keys;
mod github_keys;
mod keep;
mod sources;
mod standing;

pub use brokers::broker_security;
pub use build::build;
pub use event_keys::{EventKeys, event_keys};
pub use github_keys::{GitHubKeys, github_keys};
pub use keep::{Keeper, first_turn, spawn};
pub use standing::{CredentialStanding, expose};
