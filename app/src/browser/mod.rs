//! The shell in the browser: it hydrates the page, follows the address, and works the frame that the server rendered.

mod actions;
mod boot;
mod cookies;
mod dom;
mod keys;
mod location;
mod menus;
mod network;
mod palette;
mod sheet;
mod theme;

pub use boot::hydrate;
