use leptos::prelude::*;

use super::icon;
use crate::shell::Shell;

/// The organization the session acts for, and, where the person belongs to several, the way to another: a form, so that
/// it works without script. A switch is a full navigation with a new session id.
#[component]
pub(super) fn OrganizationMenu(shell: Shell) -> impl IntoView {
    let state = shell.state.clone();
    let Some(session) = &state.session else { return ().into_any() };
    let name = state.organization_name().to_owned();
    if session.organizations.len() < 2 {
        return view! {
            <span class="organization" title=name.clone()>
                <span class="organization-name">{name.clone()}</span>
            </span>
        }
        .into_any();
    }
    let text = shell.text;
    let return_to = move || if shell.state.outcome.is_some() { "/".to_owned() } else { shell.path.get() };
    let choices = session
        .organizations
        .iter()
        .map(|organization| {
            let is_current = organization.id == session.org_id;
            view! {
                <li>
                    <button
                        class="menu-item"
                        name="organization"
                        value=organization.id.clone()
                        aria-current=is_current.then_some("true")
                    >
                        <span class="menu-item-text">{organization.name.clone()}</span>
                        {is_current.then(|| icon("#i-check"))}
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <details class="menu organization-menu">
            <summary class="organization" title=name.clone()>
                <span class="visually-hidden">{text.switch_organization}": "</span>
                <span class="organization-name">{name.clone()}</span>
                {icon("#i-chevron")}
            </summary>
            <form class="menu-panel" method="post" action="/api/platform/organization">
                <p class="menu-heading">{text.switch_organization}</p>
                <input type="hidden" name="return_to" value=return_to/>
                <ul class="menu-list">{choices}</ul>
            </form>
        </details>
    }
    .into_any()
}
