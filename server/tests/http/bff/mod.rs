//! `/bff/{remote}/…`

mod calls;
mod github;
mod headers;
mod paths;
mod quotas;
mod refresh;
mod smuggling;
mod tenancy;
mod tokens;
mod upstreams;
