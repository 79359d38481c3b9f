use leptos::prelude::*;

use crate::components::{Card, sections, tile};
use crate::shell::Shell;
use crate::text::fill;

/// The slots with their cards, and the way to every application.
pub(super) fn page(shell: &Shell) -> impl IntoView + use<> {
    let text = shell.text;
    let name = shell.state.session.as_ref().map_or("", |session| session.name.as_str());
    let heading = fill(text.welcome, name.split_whitespace().next().unwrap_or(name));
    let lead = fill(text.home_lead, shell.state.organization_name());
    let slots = [
        slot(shell, "home:top", "slot slot-top", text.slot_top),
        slot(shell, "home:left", "slot slot-left", text.slot_left),
        slot(shell, "home:right", "slot slot-right", text.slot_right),
    ];
    view! {
        <div class="page">
            <header class="page-head">
                <h1 class="page-title" tabindex="-1">{heading}</h1>
                <p class="page-lead">{lead}</p>
            </header>
            <div class="slots">{slots.into_iter().collect_view()}</div>
            {applications(shell)}
        </div>
    }
}

/// A slot, where any remote offers a card for it.
fn slot(
    shell: &Shell,
    name: &str,
    class: &'static str,
    label: &'static str,
) -> Option<impl IntoView + use<>> {
    let cards: Vec<_> = shell
        .state
        .applications
        .iter()
        .flat_map(|application| application.cards.iter().map(move |card| (application, card)))
        .filter(|(_, card)| card.slot == name)
        .map(|(application, card)| {
            view! { <Card shell=shell.clone() application=application.clone() card=card.clone()/> }
        })
        .collect();
    if cards.is_empty() {
        return None;
    }
    Some(view! {
        <section class=class aria-label=label>
            <h2 class="visually-hidden">{label}</h2>
            {cards}
        </section>
    })
}

/// Every page of the navigation as a link: useful before, and without, any remote's code.
fn applications(shell: &Shell) -> impl IntoView + use<> {
    let text = shell.text;
    let links = sections(&shell.state)
        .into_iter()
        .flat_map(|section| section.items)
        .map(|item| {
            view! {
                <li>
                    <a class="launch" href=item.path.to_owned()>
                        {tile(&item.application.id, item.title)}
                        <span class="launch-text">
                            <span class="launch-title">{item.title.to_owned()}</span>
                            <span class="launch-owner">{fill(text.owned_by, &item.application.owner)}</span>
                        </span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="launches" aria-labelledby="applications">
            <h2 class="section-title" id="applications">{text.applications}</h2>
            <ul class="launch-grid">{links}</ul>
        </section>
    }
}
