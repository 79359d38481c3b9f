use std::sync::Arc;

use leptos::prelude::*;
use portico_contracts::{Application, ApplicationCard};

use super::{Markup, Outlet};
use crate::bridge::Place;
use crate::routing::is_path;
use crate::shell::Shell;
use crate::text::{Text, fill};

/// A remote's card in a slot of the home page.
#[component]
pub(crate) fn Card(shell: Shell, application: Arc<Application>, card: ApplicationCard) -> impl IntoView {
    let title = card.title.unwrap_or_else(|| application.display_name.clone());
    view! {
        <section class="card">
            {head(shell.text, &application, &title)}
            <div class="card-body">
                <Outlet
                    shell
                    application
                    mount=card.mount
                    place=Place::Card { slot: card.slot }
                    title
                    height=card.height
                />
            </div>
        </section>
    }
}

fn head(text: &Text, application: &Application, title: &str) -> impl IntoView + use<> {
    Markup::new("<header class=\"card-head\">")
        .tile(&application.id, &application.display_name)
        .html("<h3 class=\"card-title\">")
        .text(title)
        .html("</h3><span class=\"card-owner\">")
        .text(&fill(text.owned_by, &application.owner))
        .html("</span>")
        .with(|markup| match application.routes.iter().find(|route| is_path(&route.path)) {
            Some(route) => way_in(markup, &route.path, &fill(text.open, &route.title)),
            None => markup,
        })
        .html("</header>")
        .element()
}

fn way_in(markup: Markup, path: &str, label: &str) -> Markup {
    markup
        .html("<a class=\"icon-button card-open\" href=\"")
        .text(path)
        .html("\" aria-label=\"")
        .text(label)
        .html("\" title=\"")
        .text(label)
        .html("\">")
        .icon("arrow")
        .html("</a>")
}
