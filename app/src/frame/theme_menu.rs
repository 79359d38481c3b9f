use std::sync::Arc;

use leptos::prelude::*;

use crate::components::icon;
use crate::preferences::Theme;
use crate::state::ShellState;
use crate::text::{FrameText, fill};

/// Light, dark, or as the system says. Needs script: without it the system decides.
#[component]
pub(super) fn ThemeMenu(state: Arc<ShellState>) -> impl IntoView {
    let frame = FrameText::of(state.preferences.locale);
    let chosen = state.preferences.theme;
    let choice = |theme: Theme| {
        view! {
            <li>
                <button
                    class="menu-item"
                    type="button"
                    aria-pressed=if theme == chosen { "true" } else { "false" }
                    data-action="theme"
                    data-command=fill(frame.command_theme, frame.theme_name(theme))
                    value=theme.as_str()
                >
                    {icon(icon_of(theme))}
                    <span class="menu-item-text">{frame.theme_name(theme)}</span>
                    <span class="menu-item-mark">{icon("check")}</span>
                </button>
            </li>
        }
    };
    view! {
        <details class="menu theme-menu needs-script">
            <summary class="icon-button" aria-label=frame.theme title=frame.theme>
                <span class="when-light">{icon("light")}</span>
                <span class="when-dark">{icon("dark")}</span>
            </summary>
            <div class="menu-panel menu-panel-end">
                <p class="menu-heading">{frame.theme}</p>
                <ul class="menu-list">{Theme::ALL.map(choice).into_iter().collect_view()}</ul>
            </div>
        </details>
    }
}

fn icon_of(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}
