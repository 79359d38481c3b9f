//! Events from the server: one stream for the page, shared by all its remotes.

mod browser;
mod hub;
mod line;
mod seen;
mod stream;

pub use browser::EventSourceStreams;
pub(crate) use hub::Hub;
pub(crate) use line::{LinePorts, RESET};
pub use stream::{EventStream, OpenStream, Signal};
