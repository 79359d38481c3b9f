use std::sync::Arc;

use leptos::prelude::*;
use portico_contracts::{Application, ApplicationRoute};

use crate::bridge::Place;
use crate::components::Outlet;
use crate::shell::Shell;
use crate::text::fill;

/// A remote's page: its title, whose it is, and its outlet.
pub(super) fn page(
    shell: &Shell,
    application: &Application,
    route: &ApplicationRoute,
) -> impl IntoView + use<> {
    let text = shell.text;
    let meta =
        [fill(text.owned_by, &application.owner), fill(text.version, &application.version)].join(" · ");
    view! {
        <div class="page">
            <header class="page-head page-head-remote">
                <h1 class="page-title" tabindex="-1">{route.title.clone()}</h1>
                <p class="page-meta">{meta}</p>
            </header>
            <Outlet
                shell=shell.clone()
                application=Arc::new(application.clone())
                mount=route.mount.clone()
                place=Place::Page { base_path: route.path.clone() }
                title=route.title.clone()
                height=None
            />
        </div>
    }
}
