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
            <a class="button button-primary button-wide" href=sign_in rel="external">{text.sign_in}</a>
            {demo}
        </div>
    }
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
