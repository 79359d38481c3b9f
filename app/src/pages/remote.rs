use std::sync::Arc;

use leptos::prelude::*;
use portico_contracts::{Application, ApplicationRoute};

use crate::bridge::Place;
use crate::components::{Markup, Outlet};
use crate::shell::Shell;
use crate::text::fill;

/// A remote's page: its title, whose it is, and its outlet.
pub(super) fn page(
    shell: &Shell,
    application: &Arc<Application>,
    route: &ApplicationRoute,
) -> impl IntoView + use<> {
    let head =
        Markup::new("<header class=\"page-head page-head-remote\"><h1 class=\"page-title\" tabindex=\"-1\">")
            .text(&route.title)
            .html("</h1><p class=\"page-meta\">")
            .text(&fill(shell.text.owned_by, &application.owner))
            .html(" · ")
            .text(&fill(shell.text.version, &application.version))
            .html("</p></header>")
            .element();
    view! {
        <div class="page">
            {head}
            <Outlet
                shell=shell.clone()
                application=application.clone()
                mount=route.mount.clone()
                place=Place::Page { base_path: route.path.clone() }
                title=route.title.clone()
                height=None
            />
        </div>
    }
}
