//! What the portal keeps, on every store it can be kept in.

mod directory;
mod instances;
mod limits;
mod postgres;
mod redis;
mod session_stores;
