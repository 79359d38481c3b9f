//! The browser's half of the shell: the entry that hydrates the page, and the bridge that loads remotes, mounts them
//! and gives each its platform context.
//!
//! The way in is [`hydrate`], called by the boot module. [`RemoteBridge`] is what the shell talks to; [`Portal`],
//! [`OpenStream`] and [`Tabs`] are what it needs from outside, so that tests can stand in for server, network and other
//! tabs.

mod boot;
mod breaker;
mod bridge;
mod context;
mod dom;
mod events;
mod import_map;
mod js;
mod lifecycle;
mod limits;
mod loader;
mod page;
mod portal;
mod report;
mod server;
mod session_watch;
mod state;
mod styles;
mod table;
mod tabs;
mod task;
mod time;
mod trace;
mod unhandled;
mod updates;

pub use boot::hydrate;
pub use bridge::RemoteBridge;
pub use events::{
    BrowserTabs, Channel, EventSourceStreams, EventStream, Lock, LockSignal, OpenStream, Signal, Tabs,
};
pub use limits::Limits;
pub use page::Ports;
pub use portal::{LocalFuture, NewEvent, Portal, Subscription, Token};
pub use report::Measurement;
pub use server::Server;
pub use state::{StateError, read};
