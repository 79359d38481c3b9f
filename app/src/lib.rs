//! The shell's pages and components: one crate, built for the server (`ssr`) and for the browser (`hydrate`).
//!
//! Rendering is synchronous and pure: everything a page shows is in [`ShellState`]. The browser hydrates from the same
//! value, and mounts remotes through [`bridge::Bridge`].

pub mod bridge;
pub mod endpoints;
#[cfg(feature = "ssr")]
pub mod functions;
#[cfg(feature = "ssr")]
pub mod portal_api;
pub mod routing;

mod app;
mod browser;
mod components;
mod pages;
mod preferences;
mod shell;
mod state;
mod text;

#[cfg(feature = "ssr")]
mod render;

#[cfg(feature = "hydrate")]
pub use app::hydrate;
pub use app::{App, AppProps};
pub use preferences::{
    LOCALE_COOKIE, Locale, NAVIGATION_COOKIE, Navigation, Preferences, THEME_COOKIE, Theme,
};
#[cfg(feature = "ssr")]
pub use render::render_body;
pub use state::{Environment, Notice, Outcome, RegistryProblem, ShellState, Tone};
