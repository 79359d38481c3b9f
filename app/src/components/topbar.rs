use leptos::prelude::*;

use super::account::AccountMenu;
use super::icon;
use super::organizations::OrganizationMenu;
use super::theme_menu::ThemeMenu;
use crate::shell::Shell;

/// The organization, the way to everything, and the person.
#[component]
pub(crate) fn Topbar(shell: Shell) -> impl IntoView {
    let text = shell.text;
    let (sheet, palette) = (shell.sheet, shell.palette);
    view! {
        <header class="topbar">
            <a
                class="icon-button menu-button"
                href="#navigation"
                aria-label=text.open_navigation
                on:click=move |event| {
                    event.prevent_default();
                    sheet.set(true);
                    crate::browser::focus_selector(".sheet-close");
                }
            >{icon("#i-menu")}</a>
            <OrganizationMenu shell=shell.clone()/>
            <button
                class="search-button needs-script"
                type="button"
                aria-haspopup="dialog"
                aria-label=text.search
                aria-keyshortcuts="Control+K Meta+K"
                on:click=move |_| palette.set(true)
            >
                {icon("#i-search")}
                <span class="search-label">{text.search}</span>
                <kbd>"Ctrl K"</kbd>
            </button>
            <div class="topbar-end">
                <ConnectionState shell=shell.clone()/>
                <ThemeMenu shell=shell.clone()/>
                <AccountMenu shell/>
            </div>
        </header>
    }
}

/// Whether events arrive. The place is always there, so that nothing moves when it changes.
#[component]
fn ConnectionState(shell: Shell) -> impl IntoView {
    let (connection, text) = (shell.connection, shell.text);
    let label = move || text.connection(connection.get());
    view! {
        <span class="connection" role="img" data-state=move || connection.get().code() aria-label=label title=label></span>
    }
}
