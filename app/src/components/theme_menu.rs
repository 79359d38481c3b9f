use leptos::prelude::*;

use super::icon;
use crate::preferences::Theme;
use crate::shell::Shell;

/// Light, dark, or as the system says. Needs script: without it the system decides.
#[component]
pub(super) fn ThemeMenu(shell: Shell) -> impl IntoView {
    let (text, theme) = (shell.text, shell.theme);
    let choices = Theme::ALL
        .into_iter()
        .map(|choice| {
            let shell = shell.clone();
            view! {
                <li>
                    <button
                        class="menu-item"
                        type="button"
                        aria-pressed=move || if theme.get() == choice { "true" } else { "false" }
                        on:click=move |_| shell.choose_theme(choice)
                    >
                        {icon(theme_icon(choice))}
                        <span class="menu-item-text">{text.theme_name(choice)}</span>
                        <span class="menu-item-mark">{icon("#i-check")}</span>
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <details class="menu theme-menu needs-script">
            <summary class="icon-button" aria-label=text.theme title=text.theme>
                <span class="when-light">{icon("#i-light")}</span>
                <span class="when-dark">{icon("#i-dark")}</span>
            </summary>
            <div class="menu-panel menu-panel-end">
                <p class="menu-heading">{text.theme}</p>
                <ul class="menu-list">{choices}</ul>
            </div>
        </details>
    }
}

/// The icon that stands for a theme.
pub(super) fn theme_icon(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "#i-system",
        Theme::Light => "#i-light",
        Theme::Dark => "#i-dark",
    }
}
