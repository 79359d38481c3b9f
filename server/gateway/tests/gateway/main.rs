//! The proxy as an upstream sees it: every test looks at the bytes that arrived.

mod addresses;
mod answers;
mod caching;
mod endpoints;
mod faults;
mod http2;
mod identity;
mod load;
mod paths;
mod quotas;
mod resilience;
mod retries;
mod routes;
mod semantics;
mod streaming;
mod tls;
mod tokens;
mod trailers;
mod validation;
mod views;
mod world;
