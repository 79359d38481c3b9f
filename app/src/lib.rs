//! The shell's pages and components: one crate, built for the server (`ssr`) and for the browser (`hydrate`).
//!
//! Rendering is synchronous and pure: everything a page shows is in [`ShellState`]. The server renders the frame and the
//! page; the browser hydrates the page from the same value, keeps the frame as it is, and mounts remotes through
//! [`bridge::Bridge`].

pub mod bridge;
pub mod endpoints;
#[cfg(feature = "ssr")]
pub mod functions;
#[cfg(feature = "ssr")]
pub mod mail;
#[cfg(feature = "ssr")]
pub mod platform;
#[cfg(feature = "ssr")]
pub mod portal_api;
pub mod routing;

mod components;
mod pages;
mod preferences;
mod shell;
mod state;
mod text;

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(feature = "ssr")]
mod frame;
#[cfg(feature = "ssr")]
mod render;
#[cfg(any(feature = "hydrate", test))]
mod search;

#[cfg(feature = "hydrate")]
pub use browser::hydrate;
#[cfg(feature = "ssr")]
pub use frame::{App, AppProps};
pub use preferences::{
    LOCALE_COOKIE, Locale, NAVIGATION_COOKIE, Navigation, Preferences, THEME_COOKIE, Theme,
};
#[cfg(feature = "ssr")]
pub use render::render_body;
#[cfg(feature = "ssr")]
pub use state::{ADMINISTRATION, OPERATION};
pub use state::{Environment, Notice, Outcome, RegistryProblem, ShellState, SignInProvider, Tone};
