//! Events from the server: one stream for all tabs of the browser, shared by all remotes in them.

mod browser;
mod hub;
mod line;
mod seen;
mod sharing;
mod stream;

pub use browser::EventSourceStreams;
pub(crate) use hub::Hub;
pub(crate) use line::RESET;
pub(crate) use sharing::StreamPorts;
pub use sharing::{BrowserTabs, Channel, Lock, LockSignal, Tabs};
pub use stream::{EventStream, OpenStream, Signal};
