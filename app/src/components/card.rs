use std::sync::Arc;

use leptos::prelude::*;
use portico_contracts::{Application, ApplicationCard};

use super::{Outlet, icon, tile};
use crate::bridge::Place;
use crate::routing::is_path;
use crate::shell::Shell;
use crate::text::fill;

/// A remote's card in a slot of the home page.
#[component]
pub(crate) fn Card(shell: Shell, application: Application, card: ApplicationCard) -> impl IntoView {
    let text = shell.text;
    let title = card.title.unwrap_or_else(|| application.display_name.clone());
    let way_in = application.routes.iter().find(|route| is_path(&route.path)).map(|route| {
        let label = fill(text.open, &route.title);
        view! {
            <a class="icon-button card-open" href=route.path.clone() aria-label=label.clone() title=label>{icon("arrow")}</a>
        }
    });
    view! {
        <section class="card">
            <header class="card-head">
                {tile(&application.id, &application.display_name)}
                <h3 class="card-title">{title.clone()}</h3>
                <span class="card-owner">{fill(text.owned_by, &application.owner)}</span>
                {way_in}
            </header>
            <div class="card-body">
                <Outlet
                    shell
                    application=Arc::new(application)
                    mount=card.mount
                    place=Place::Card { slot: card.slot }
                    title
                    height=card.height
                />
            </div>
        </section>
    }
}
