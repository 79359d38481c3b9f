//! `/bff/{remote}/…`

mod calls;
mod credentials;
mod documented;
mod github;
mod headers;
mod own_calls;
mod paths;
mod public;
mod quotas;
mod refresh;
mod sessions;
mod smuggling;
mod tenancy;
mod tokens;
mod upgrades;
mod upstreams;
