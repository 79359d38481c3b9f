//! The document around the page: rendered by the server and never again. What changes in it, `browser` changes in
//! place, so none of this is part of the download.
#![expect(unreachable_pub, reason = "`#[component]` makes the properties of a private component public")]

mod account;
mod app;
mod banners;
mod organizations;
mod palette;
mod registry_problems;
mod sidebar;
mod sign_in;
mod theme_menu;
mod topbar;

pub use app::{App, AppProps};
pub(crate) use registry_problems::registry_problems;
pub(crate) use sign_in::sign_in_path;
