use std::sync::Arc;

use leptos::prelude::*;

use crate::bridge::Place;
use crate::components::Outlet;
use crate::routing::Page;
use crate::shell::Shell;
use crate::text::fill;

/// A remote's page: its title, whose it is, and its outlet.
pub(super) fn page(shell: Shell, page: Page) -> Option<impl IntoView> {
    let (application, route) = page.remote(&shell.state)?;
    let text = shell.text;
    let meta =
        [fill(text.owned_by, &application.owner), fill(text.version, &application.version)].join(" · ");
    let application = Arc::new(application.clone());
    let route = route.clone();
    Some(view! {
        <div class="page">
            <header class="page-head page-head-remote">
                <h1 class="page-title" tabindex="-1">{route.title.clone()}</h1>
                <p class="page-meta">{meta}</p>
            </header>
            <Outlet
                shell
                application
                mount=route.mount
                place=Place::Page { base_path: route.path }
                title=route.title
                height=None
            />
        </div>
    })
}
