//! Login, sessions and token exchange.

mod answer;
pub mod client_auth;
pub mod login;
pub mod provider;
pub mod seal;
pub mod session;
pub mod signing;
pub mod token;
