use leptos::prelude::*;

use super::icon;
use crate::browser;
use crate::preferences::{LOCALE_COOKIE, Locale};
use crate::shell::Shell;
use crate::text::language_name;

/// Who is signed in, as what, and how to leave. Signing out is a form, so that it works without script.
#[component]
pub(super) fn AccountMenu(shell: Shell) -> impl IntoView {
    let state = shell.state.clone();
    let Some(session) = &state.session else { return ().into_any() };
    let text = shell.text;
    let spoken = state.preferences.locale;
    let languages = Locale::ALL
        .into_iter()
        .map(|locale| {
            view! {
                <button
                    class="choice"
                    type="button"
                    lang=locale.as_str()
                    aria-pressed=if locale == spoken { "true" } else { "false" }
                    on:click=move |_| {
                        browser::cookies::remember(LOCALE_COOKIE, locale.as_str());
                        browser::location::reload();
                    }
                >{language_name(locale)}</button>
            }
        })
        .collect_view();
    view! {
        <details class="menu account-menu">
            <summary class="avatar-button" aria-label=text.account title=session.name.clone()>
                <span class="avatar" aria-hidden="true">{initials(&session.name)}</span>
            </summary>
            <div class="menu-panel menu-panel-end account-panel">
                <div class="account-card">
                    <span class="avatar avatar-large" aria-hidden="true">{initials(&session.name)}</span>
                    <p class="account-who">
                        <span class="account-name">{session.name.clone()}</span>
                        {session.email.clone().map(|email| view! { <span class="account-mail">{email}</span> })}
                        <span class="account-mail">{state.organization_name().to_owned()}</span>
                    </p>
                </div>
                <div class="menu-row needs-script" role="group" aria-label=text.language>
                    <span class="menu-row-label">{icon("#i-globe")}{text.language}</span>
                    <span class="choices">{languages}</span>
                </div>
                <form method="post" action="/auth/logout" class="menu-foot">
                    <button class="menu-item">{icon("#i-exit")}<span class="menu-item-text">{text.sign_out}</span></button>
                </form>
            </div>
        </details>
    }
    .into_any()
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
