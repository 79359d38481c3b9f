//! Pages: HTML first, rendered in one go from a [`portico_app::ShellState`].

mod document;
mod error;
mod health;
mod platform;
mod shell_state;
mod show;

pub use error::{PageError, layer as error_layer};
pub use shell_state::preferences;
pub use show::show;
