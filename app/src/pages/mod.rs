//! What stands in the content area, one file per page.

mod home;
mod remote;

#[cfg(feature = "ssr")]
mod decided;
#[cfg(feature = "ssr")]
mod empty;
#[cfg(feature = "ssr")]
mod message;
#[cfg(feature = "ssr")]
mod platform;
#[cfg(feature = "ssr")]
mod signed_out;

use leptos::either::Either;
use leptos::prelude::*;

use crate::routing::Page;
use crate::shell::Shell;

#[cfg(feature = "ssr")]
pub(crate) use decided::decided;
#[cfg(feature = "ssr")]
pub(crate) use platform::heading as platform_heading;

/// A page that the browser can show by itself; the home page for any other. Every page begins with its `<h1>`, which
/// takes the focus on navigation.
pub(crate) fn local(shell: &Shell, page: Page) -> impl IntoView + use<> {
    match page.remote(&shell.state) {
        Some((application, route)) => Either::Left(remote::page(shell, application, route)),
        None => Either::Right(home::page(shell)),
    }
}
