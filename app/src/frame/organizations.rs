use std::sync::Arc;

use leptos::either::Either;
use leptos::prelude::*;
use portico_contracts::{Organization, Session};

use crate::components::icon;
use crate::state::ShellState;
use crate::text::{FrameText, fill};

/// The organization the session acts for, and, where the person belongs to several, the way to another: a form, so that
/// it works without script. A switch is a full navigation with a new session id.
#[component]
pub(super) fn OrganizationMenu(state: Arc<ShellState>, path: String) -> impl IntoView {
    state.session.as_ref().map(|session| menu(&state, session, path))
}

fn menu(state: &ShellState, session: &Session, path: String) -> impl IntoView + use<> {
    let name = state.organization_name().to_owned();
    if session.organizations.len() < 2 {
        return Either::Left(view! {
            <span class="organization" title=name.clone()>
                <span class="organization-name">{name.clone()}</span>
            </span>
        });
    }
    let frame = FrameText::of(state.preferences.locale);
    // A page that the server decided about, such as a forbidden one, is no place to come back to.
    let return_to = if state.outcome.is_some() { "/".to_owned() } else { path };
    Either::Right(view! {
        <details class="menu organization-menu">
            <summary class="organization" title=name.clone()>
                <span class="visually-hidden">{frame.switch_organization}": "</span>
                <span class="organization-name">{name.clone()}</span>
                {icon("chevron")}
            </summary>
            <form class="menu-panel" method="post" action="/api/platform/organization">
                <p class="menu-heading">{frame.switch_organization}</p>
                <input type="hidden" id="return-to" name="return_to" value=return_to/>
                <ul class="menu-list">{choices(session, frame)}</ul>
            </form>
        </details>
    })
}

fn choices(session: &Session, frame: &'static FrameText) -> impl IntoView + use<> {
    let choice = |organization: &Organization| {
        let is_current = organization.id == session.org_id;
        view! {
            <li>
                <button
                    class="menu-item"
                    name="organization"
                    value=organization.id.clone()
                    aria-current=is_current.then_some("true")
                    data-command=(!is_current).then(|| fill(frame.command_organization, &organization.name))
                >
                    <span class="menu-item-text">{organization.name.clone()}</span>
                    {is_current.then(|| icon("check"))}
                </button>
            </li>
        }
    };
    session.organizations.iter().map(choice).collect_view()
}
