//! What only development has: generated keys, the demo policy, example services beside the portal.

mod keys;
pub mod live_reload;
mod services;

pub use keys::{KeyError, generated_key, key_from_file, private_file};
pub use services::{Neighbours, start_services};
