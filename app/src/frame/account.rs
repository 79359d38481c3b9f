use std::sync::Arc;

use leptos::prelude::*;
use portico_contracts::Session;

use crate::components::icon;
use crate::preferences::Locale;
use crate::state::ShellState;
use crate::text::{FrameText, PlatformText, fill};

/// Who is signed in, as what, and how to leave. Signing out is a form, so that it works without script.
#[component]
pub(super) fn AccountMenu(state: Arc<ShellState>) -> impl IntoView {
    // `cargo leptos watch` erases the types of components, and no `Option` of them.
    state.session.as_ref().map(|session| menu(&state, session))
}

fn menu(state: &ShellState, session: &Session) -> impl IntoView + use<> {
    let frame = FrameText::of(state.preferences.locale);
    let words = PlatformText::of(state.preferences.locale);
    let email = session.email.clone().map(|email| view! { <span class="account-mail">{email}</span> });
    view! {
        <details class="menu account-menu">
            <summary class="avatar-button" aria-label=frame.account title=session.name.clone()>
                <span class="avatar" aria-hidden="true">{initials(&session.name)}</span>
            </summary>
            <div class="menu-panel menu-panel-end account-panel">
                <div class="account-card">
                    <span class="avatar avatar-large" aria-hidden="true">{initials(&session.name)}</span>
                    <p class="account-who">
                        <span class="account-name">{session.name.clone()}</span>
                        {email}
                        <span class="account-mail">{state.organization_name().to_owned()}</span>
                    </p>
                </div>
                <div class="menu-row needs-script" role="group" aria-label=frame.language>
                    <span class="menu-row-label">{icon("globe")}{frame.language}</span>
                    <span class="choices">{languages(state.preferences.locale, frame)}</span>
                </div>
                <div class="menu-foot">
                    <a class="menu-item" href="/account">
                        {icon("person")}
                        <span class="menu-item-text">{words.account_title}</span>
                    </a>
                </div>
                <form method="post" action="/auth/logout" class="menu-foot">
                    <button class="menu-item" data-command=frame.sign_out>
                        {icon("exit")}
                        <span class="menu-item-text">{frame.sign_out}</span>
                    </button>
                </form>
            </div>
        </details>
    }
}

fn languages(spoken: Locale, frame: &'static FrameText) -> impl IntoView {
    let choice = |locale: Locale| {
        view! {
            <button
                class="choice"
                type="button"
                lang=locale.as_str()
                aria-pressed=if locale == spoken { "true" } else { "false" }
                data-action="language"
                data-command=(locale != spoken).then(|| fill(frame.command_language, locale.own_name()))
                value=locale.as_str()
            >{locale.own_name()}</button>
        }
    };
    Locale::ALL.map(choice).into_iter().collect_view()
}

/// The first letters of the first and the last word of a name.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_come_from_the_first_and_last_word_of_any_name() {
        assert_eq!(initials("Alice Archer"), "AA");
        assert_eq!(initials("Ana María de la Cruz"), "AC");
        assert_eq!(initials("  élodie "), "É");
        assert_eq!(initials("<script>"), "S");
        assert_eq!(initials("☃ ☃"), "");
    }
}
