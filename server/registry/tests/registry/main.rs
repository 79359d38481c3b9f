//! What operators, remote teams and the portal can rely on from the registry, on real files and real keys.

mod conflicts;
mod descriptions;
mod files;
mod grants;
mod names_and_config;
mod reload;
mod resolve;
mod signatures;
mod sources;
mod world;
