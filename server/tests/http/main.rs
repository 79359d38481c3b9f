//! The portal as its users meet it: over HTTP, as a whole, each module named after the URLs it asks.

mod test_app;

#[path = "../storage/postgres.rs"]
#[expect(dead_code, reason = "the tests of stores use more of it")]
mod postgres;

mod access_log;
mod anti_forgery;
mod api;
mod audit;
mod auth;
mod authorisation;
mod bff;
mod brokers;
mod direct;
mod documentation;
mod domain_crates;
mod events;
mod events_in_trouble;
mod health;
mod http2;
mod instances;
mod killed;
mod limits;
mod lint;
mod memory;
mod metrics;
mod opa;
mod pages;
mod policy;
mod policy_check;
mod remotes;
mod restart;
mod secrets;
mod shutdown;
mod start;
mod stream;
mod traces;
