//! One file per endpoint; [`table`] is the list of them all.

mod auth;
pub(crate) mod bff;
mod dev_idp;
mod dev_tokens;
mod events;
mod functions;
mod health;
mod platform;
mod remotes;
mod stream;
mod table;

pub use table::{admin, table};
