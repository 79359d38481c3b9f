//! What stands in the content area, one file per page.

mod empty;
mod home;
mod message;
mod remote;
mod signed_out;

use leptos::prelude::*;

use crate::routing::Page;
use crate::shell::Shell;

/// The page's content. Every page begins with its `<h1>`, which takes the focus on navigation.
pub(crate) fn show(shell: Shell, page: Page) -> AnyView {
    match page {
        Page::Home if shell.state.applications.is_empty() => empty::page(shell).into_any(),
        Page::Home => home::page(shell).into_any(),
        Page::Remote { .. } => remote::page(shell, page).into_any(),
        Page::Forbidden => message::forbidden(shell).into_any(),
        Page::NotFound => message::not_found(shell).into_any(),
        Page::SignedOut { asked } => signed_out::page(shell, asked).into_any(),
        Page::Error { status } => message::error(shell, status).into_any(),
    }
}
