//! Login, sessions and token exchange.

pub mod client_auth;
pub mod login;
pub mod provider;
pub mod seal;
pub mod session;
pub mod token;
