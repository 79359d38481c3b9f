//! Upstreams that speak HTTP/2.

mod bodies;
mod calls;
mod connections;
mod faults;
mod load;
mod negotiation;
mod raw;
pub(crate) mod upstream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portico_gateway::{BackendSpec, Place, UpstreamProtocol};

use crate::world::{World, spec};

/// A back end that is spoken to in HTTP/2 without TLS.
fn spec_h2c(address: SocketAddr) -> BackendSpec {
    BackendSpec { protocol: UpstreamProtocol::Http2, ..spec(&format!("http://{address}")) }
}

pub(crate) fn world(address: SocketAddr) -> Arc<World> {
    Arc::new(World::with(spec_h2c(address)))
}

/// The same, at several addresses.
fn world_at(addresses: &[SocketAddr]) -> Arc<World> {
    let place = |address: &SocketAddr| Place::parse(&address.to_string()).expect("a place");
    let addresses = addresses.iter().map(place).collect();
    Arc::new(World::with(BackendSpec {
        addresses,
        protocol: UpstreamProtocol::Http2,
        ..spec("http://todos.example")
    }))
}

/// Waits for something that happens in the background.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what}");
}
