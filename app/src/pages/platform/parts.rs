use leptos::prelude::*;

use crate::platform::Moment;

/// An instant that machines can read too.
pub(super) fn moment(at: &Moment) -> impl IntoView + use<> {
    view! { <time datetime=at.machine.clone()>{at.text.clone()}</time> }
}

/// Roles, each by itself.
pub(super) fn roles(roles: &[String]) -> impl IntoView + use<> {
    let roles = roles.iter().map(|role| view! { <li class="chip">{role.clone()}</li> }).collect_view();
    view! { <ul class="chips">{roles}</ul> }
}

/// The organization a form is meant for: a page that was left open across a switch must not write into another.
pub(super) fn meant_for(org_id: &str) -> impl IntoView + use<> {
    view! { <input type="hidden" name="organization" value=org_id.to_owned()/> }
}

/// Checkboxes for roles, those in `chosen` ticked.
pub(super) fn role_choices(
    choices: &[crate::platform::RoleChoice],
    chosen: &[String],
    prefix: &str,
) -> impl IntoView + use<> {
    let choice = |choice: &crate::platform::RoleChoice| {
        let id = [prefix, "-", &choice.name].concat();
        let hint = [&id, "-hint"].concat();
        view! {
            <li class="check">
                <input
                    type="checkbox"
                    id=id.clone()
                    name="roles"
                    value=choice.name.clone()
                    checked=chosen.contains(&choice.name)
                    aria-describedby=hint.clone()
                />
                <label for=id>{choice.name.clone()}</label>
                <span class="check-hint" id=hint>{choice.description.clone()}</span>
            </li>
        }
    };
    let choices = choices.iter().map(choice).collect_view();
    view! { <ul class="checks">{choices}</ul> }
}
