use leptos::prelude::*;

use crate::components::icon;
use crate::frame::sign_in_path;
use crate::state::{Environment, Outcome, ShellState};
use crate::text::{FrameText, fill};

/// The front door: what this is, signing in and, on a development portal, people to be.
pub(super) fn page(state: &ShellState, asked: bool, path: &str) -> impl IntoView + use<> {
    let text = FrameText::of(state.preferences.locale);
    let return_to = if asked { path.to_owned() } else { "/".to_owned() };
    let sign_in = sign_in_path(&return_to);
    let lead = match (&state.outcome, asked) {
        (Some(Outcome::SignedOut), _) => text.signed_out_done,
        (_, true) => text.signed_out_asked,
        _ => text.signed_out_lead,
    };
    let demo = (state.environment == Environment::Development).then(|| demo_accounts(text, &sign_in));
    view! {
        <div class="door">
            <p class="door-brand">{icon("portico")}"Portico"</p>
            <h1 class="door-title" tabindex="-1">{text.signed_out_title}</h1>
            <p class="door-lead">{lead}</p>
            {ways_in(state, text, &sign_in)}
            {demo}
        </div>
    }
}

/// One link where there is one provider, and one for each where there are several: each page load begins a login by
/// itself, so none needs JavaScript.
fn ways_in(state: &ShellState, text: &'static FrameText, sign_in: &str) -> AnyView {
    let button = |label: String, href: String| {
        view! { <a class="button button-primary button-wide" href=href rel="external">{label}</a> }
    };
    if state.sign_in_with.len() < 2 {
        return button(text.sign_in.to_owned(), sign_in.to_owned()).into_any();
    }
    let choices = state.sign_in_with.iter().map(|provider| {
        let href = [sign_in, "&provider=", &provider.name].concat();
        view! { <li>{button(fill(text.sign_in_with, &provider.label), href)}</li> }
    });
    view! { <ul class="door-choices">{choices.collect_view()}</ul> }.into_any()
}

/// The demo accounts of the embedded identity provider, each one link away from being signed in.
fn demo_accounts(text: &'static FrameText, sign_in: &str) -> impl IntoView + use<> {
    let people = [
        ("alice", "Alice", fill(text.demo_admin, "Acme")),
        ("bob", "Bob", fill(text.demo_member, "Acme")),
        ("carol", "Carol", fill(text.demo_member, "Globex")),
        ("erin", "Erin", fill(text.demo_both, "Acme, Globex")),
    ];
    let people = people
        .into_iter()
        .map(|(hint, name, role)| {
            view! {
                <li>
                    <a class="person" href=[sign_in, "&login_hint=", hint].concat() rel="external">
                        <span class="avatar" aria-hidden="true">{name[..1].to_owned()}</span>
                        <span class="person-text">
                            <span class="person-name">{name}</span>
                            <span class="person-role">{role}</span>
                        </span>
                        {icon("arrow")}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="demo" aria-labelledby="demo">
            <h2 class="demo-title" id="demo">{text.demo_title}</h2>
            <p class="demo-lead">{text.demo_lead}</p>
            <ul class="people">{people}</ul>
        </section>
    }
}
