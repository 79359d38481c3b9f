//! What the portal keeps, on every store it can be kept in.

mod directory;
mod postgres;
