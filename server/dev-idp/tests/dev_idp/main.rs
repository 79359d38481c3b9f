//! The provider over HTTP, as relying parties and browsers use it.

mod authorize;
mod client_credentials;
mod discovery;
mod end_session;
mod exchange;
mod introspect;
mod login;
mod relying_party;
mod restart;
mod revoke;
mod start;
mod token;
mod userinfo;
mod world;
