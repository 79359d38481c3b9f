//! HTTP/2 (RFC 9113) to an endpoint: connections that many calls share, each on a stream of its own.

mod body;
mod connection;
mod error;
mod exchange;
mod keep_alive;
mod pool;
mod target;
#[cfg(test)]
mod tests;
mod upload;

pub(crate) use body::Http2Body;
pub(crate) use connection::{Http2Connection, Slot};
pub(crate) use keep_alive::KeepAlive;
pub(crate) use pool::{Http2Pool, Waited};
pub(crate) use target::Target;
