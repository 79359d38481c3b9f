use leptos::prelude::*;

use crate::components::navigation::NavigationItem;
use crate::components::{Card, Markup, sections};
use crate::shell::Shell;
use crate::text::{Text, fill};

/// The slots with their cards, and the way to every application.
pub(super) fn page(shell: &Shell) -> impl IntoView + use<> {
    let text = shell.text;
    let slots = [
        slot(shell, "home:top", "slot slot-top", text.slot_top),
        slot(shell, "home:left", "slot slot-left", text.slot_left),
        slot(shell, "home:right", "slot slot-right", text.slot_right),
    ];
    view! {
        <div class="page">
            {head(shell)}
            <div class="slots">{slots.into_iter().collect_view()}</div>
            {applications(shell)}
        </div>
    }
}

fn head(shell: &Shell) -> impl IntoView + use<> {
    let name = shell.state.session.as_ref().map_or("", |session| session.name.as_str());
    let first_name = name.split(' ').next().unwrap_or(name);
    Markup::new("<header class=\"page-head\"><h1 class=\"page-title\" tabindex=\"-1\">")
        .text(&fill(shell.text.welcome, first_name))
        .html("</h1><p class=\"page-lead\">")
        .text(&fill(shell.text.home_lead, shell.state.organization_name()))
        .html("</p></header>")
        .element()
}

/// A slot, where any remote offers a card for it.
fn slot(
    shell: &Shell,
    name: &str,
    class: &'static str,
    label: &'static str,
) -> Option<impl IntoView + use<>> {
    let mut cards = Vec::new();
    for application in &shell.state.applications {
        for card in application.cards.iter().filter(|card| card.slot == name) {
            cards.push(
                view! { <Card shell=shell.clone() application=application.clone() card=card.clone()/> },
            );
        }
    }
    if cards.is_empty() {
        return None;
    }
    Some(view! {
        <section class=class aria-label=label>
            {Markup::new("<h2 class=\"visually-hidden\">").text(label).html("</h2>").element()}
            {cards}
        </section>
    })
}

/// Every page of the navigation as a link: useful before, and without, any remote's code.
fn applications(shell: &Shell) -> impl IntoView + use<> {
    let text = shell.text;
    let mut markup = Markup::new("<section class=\"launches\" aria-labelledby=\"applications\">")
        .html("<h2 class=\"section-title\" id=\"applications\">")
        .text(text.applications)
        .html("</h2><ul class=\"launch-grid\">");
    for section in sections(&shell.state) {
        for item in &section.items {
            markup = launch(markup, text, item);
        }
    }
    markup.html("</ul></section>").element()
}

fn launch(markup: Markup, text: &Text, item: &NavigationItem<'_>) -> Markup {
    markup
        .html("<li><a class=\"launch\" href=\"")
        .text(item.path)
        .html("\">")
        .tile(&item.application.id, item.title)
        .html("<span class=\"launch-text\"><span class=\"launch-title\">")
        .text(item.title)
        .html("</span><span class=\"launch-owner\">")
        .text(&fill(text.owned_by, &item.application.owner))
        .html("</span></span></a></li>")
}
