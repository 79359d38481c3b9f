//! Calls that leave HTTP: WebSocket (RFC 6455) and whatever else a route declares. The handshake is read and checked on
//! both sides like any call; bytes are carried only once the upstream has really agreed to switch.

mod frames;
mod handshake;
mod tunnel;

pub(crate) use handshake::Handshake;
pub use handshake::{Protocol, ProtocolError, UpgradeError};
pub use tunnel::{Carried, Tunnel, TunnelEnd};
