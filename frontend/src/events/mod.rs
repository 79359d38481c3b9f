//! Events from the server: one stream for the page, shared by all its remotes.

mod browser;
mod hub;
mod seen;
mod stream;

pub use browser::EventSourceStreams;
pub(crate) use hub::{Hub, RESET};
pub use stream::{EventStream, OpenStream, Signal};
