//! The shell's pages and components.

pub mod functions;
pub mod portal_api;
