//! `/bff/{remote}/…`

mod calls;
mod headers;
mod paths;
mod refresh;
mod tenancy;
mod tokens;
mod upstreams;
