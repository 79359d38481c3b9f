//! What the portal keeps, on every store it can be kept in.

mod claims;
mod directory;
mod instances;
mod limits;
mod postgres;
mod redis;
mod responses;
mod session_stores;

#[expect(dead_code, reason = "the gateway's tests use all of their world, these only what the suite needs")]
#[path = "../../gateway/tests/gateway/world.rs"]
mod world;

#[path = "../../gateway/tests/gateway/caching/suite.rs"]
mod suite;
