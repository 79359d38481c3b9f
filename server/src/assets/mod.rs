//! The browser's files, as `cargo leptos build` left them: hashed names, precompressed, served from memory.

mod boot;
mod load;
mod serve;

pub use load::{Asset, Assets, AssetsError};
pub use serve::{favicon, pkg};
