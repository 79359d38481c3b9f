//! The portal server: shell, BFF, proxy and stream on one axum router.
//!
//! [`app::app`] is the application without sockets; [`start::start`] puts it together from a configuration; the binary
//! only listens. Domain rules live in the crates below `server/`, which know no axum.

pub mod app;
pub mod audit;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod dates;
pub mod dev;
pub mod embedded;
pub mod limits;
pub mod lint;
pub mod log;
pub mod mail;
pub mod metrics;
pub mod outbound;
pub mod reload;
pub mod serve;
pub mod services;
pub mod start;
pub mod state;
pub mod storage;
pub mod telemetry;
pub mod tls;
pub mod upkeep;

pub mod assets;
pub mod http;
pub mod pages;
pub mod providers;
pub mod routes;
