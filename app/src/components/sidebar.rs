use leptos::prelude::*;

use super::{NavigationItem, icon, sections, tile};
use crate::preferences::Navigation;
use crate::routing::Page;
use crate::shell::Shell;

/// Every place a session may go to: a column on wide screens, a rail when collapsed, a sheet on narrow ones.
#[component]
pub(crate) fn Sidebar(shell: Shell) -> impl IntoView {
    let text = shell.text;
    let (page, sheet, navigation) = (shell.page, shell.sheet, shell.navigation);
    let groups = sections(&shell.state)
        .into_iter()
        .enumerate()
        .map(|(index, section)| {
            let id = ["section-", &index.to_string()].concat();
            let title = if section.title.is_empty() { text.sections_other } else { section.title };
            let items: Vec<_> = section.items.into_iter().map(|item| entry(&shell, item)).collect();
            view! {
                <h2 class="sidebar-heading" id=id.clone()>{title.to_owned()}</h2>
                <ul class="sidebar-list" aria-labelledby=id>{items}</ul>
            }
        })
        .collect_view();
    let collapse_label = move || match navigation.get() {
        Navigation::Open => text.collapse_navigation,
        Navigation::Collapsed => text.expand_navigation,
    };
    view! {
        <nav class="sidebar" id="navigation" aria-label=text.main_navigation>
            <div class="sidebar-head">
                <a class="brand" href="/">{icon("#i-portico")}<span class="brand-name">"Portico"</span></a>
                <button
                    class="icon-button collapse-button needs-script"
                    type="button"
                    aria-label=collapse_label
                    title=collapse_label
                    aria-expanded=move || if navigation.get() == Navigation::Open { "true" } else { "false" }
                    on:click={
                        let shell = shell.clone();
                        move |_| shell.toggle_navigation()
                    }
                >{icon("#i-sidebar")}</button>
                <a
                    class="icon-button sheet-close"
                    href="#content"
                    aria-label=text.close_navigation
                    on:click=move |event| {
                        event.prevent_default();
                        sheet.set(false);
                        crate::browser::focus_selector(".menu-button");
                    }
                >{icon("#i-close")}</a>
            </div>
            <div class="sidebar-scroll">
                <ul class="sidebar-list">
                    <li>
                        <a class="nav-link" href="/" title=text.home aria-current=move || current(page.get(), Page::Home)>
                            <span class="nav-icon">{icon("#i-home")}</span>
                            <span class="nav-text">{text.home}</span>
                        </a>
                    </li>
                </ul>
                {groups}
            </div>
        </nav>
    }
}

fn entry(shell: &Shell, item: NavigationItem<'_>) -> impl IntoView + use<> {
    let page = shell.page;
    let target = item.page;
    let prefetch = {
        let shell = shell.clone();
        move || {
            let found = target.remote(&shell.state).map(|(application, _)| application);
            if let (Some(bridge), Some(application)) = (shell.bridge(), found) {
                bridge.prefetch(application);
            }
        }
    };
    let on_focus = prefetch.clone();
    view! {
        <li>
            <a
                class="nav-link"
                href=item.path.to_owned()
                title=item.title.to_owned()
                aria-current=move || current(page.get(), target)
                on:pointerenter=move |_| prefetch()
                on:focus=move |_| on_focus()
            >
                {tile(&item.application.id, item.title)}
                <span class="nav-text">{item.title.to_owned()}</span>
            </a>
        </li>
    }
}

fn current(page: Page, target: Page) -> Option<&'static str> {
    (page == target).then_some("page")
}
