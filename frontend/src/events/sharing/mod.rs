//! One event stream for all tabs of a browser that were rendered for the same session.
//!
//! The tab that holds the lock leads: its stream carries what all of them need, and it passes every event on. The others
//! follow, and wait for the lock. `member` decides, without touching the browser; `shared_stream` carries it out.

mod browser;
#[cfg(test)]
mod handovers;
mod member;
mod message;
mod ports;
mod recent;
#[cfg(test)]
mod schedules;
mod shared_stream;
mod trail;

pub use browser::BrowserTabs;
pub(super) use message::Frame;
pub use ports::{Channel, Lock, LockSignal, Tabs};
pub(super) use shared_stream::SharedStream;
pub(crate) use shared_stream::StreamPorts;
