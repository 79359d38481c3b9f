use std::sync::Arc;

use leptos::prelude::*;

use super::account::AccountMenu;
use super::organizations::OrganizationMenu;
use super::theme_menu::ThemeMenu;
use crate::bridge::Connection;
use crate::components::icon;
use crate::state::ShellState;
use crate::text::FrameText;

/// The organization, the way to everything, and the person.
#[component]
pub(super) fn Topbar(state: Arc<ShellState>, path: String) -> impl IntoView {
    let frame = FrameText::of(state.preferences.locale);
    let idle = frame.connection_idle;
    view! {
        <header class="topbar">
            <a
                class="icon-button menu-button"
                id="menu-button"
                href="#navigation"
                aria-label=frame.open_navigation
                data-action="sheet-open"
            >{icon("menu")}</a>
            <OrganizationMenu state=state.clone() path/>
            <button
                class="search-button needs-script"
                type="button"
                aria-haspopup="dialog"
                aria-label=frame.search
                aria-keyshortcuts="Control+K Meta+K"
                data-action="search"
            >
                {icon("search")}
                <span class="search-label">{frame.search}</span>
                <kbd>"Ctrl K"</kbd>
            </button>
            <div class="topbar-end">
                // Always there; only an interruption that lasts says so in words as well.
                <span
                    class="connection"
                    id="connection"
                    role="img"
                    data-state=Connection::Idle.code()
                    aria-label=idle
                    title=idle
                    data-idle=idle
                    data-connecting=frame.connection_connecting
                    data-live=frame.connection_live
                    data-offline=frame.connection_offline
                    data-ended=frame.connection_ended
                ></span>
                <ThemeMenu state=state.clone()/>
                <AccountMenu state/>
            </div>
        </header>
    }
}
