use std::sync::Arc;

use leptos::prelude::*;

use crate::components::navigation::NavigationItem;
use crate::components::{icon, sections, tile};
use crate::preferences::Navigation;
use crate::routing::{Page, resolve};
use crate::state::ShellState;
use crate::text::{FrameText, HealthText, PlatformText, Text};

/// Every place a session may go to: a column on wide screens, a rail when collapsed, a sheet on narrow ones.
#[component]
pub(super) fn Sidebar(state: Arc<ShellState>, path: String) -> impl IntoView {
    let (text, frame) = (Text::of(state.preferences.locale), FrameText::of(state.preferences.locale));
    let page = resolve(&path, &state);
    let here = match page {
        Page::Home => Some("/"),
        Page::Platform => path.split(['?', '#']).next(),
        _ => page.remote(&state).map(|(_, route)| route.path.as_str()),
    };
    let groups = sections(&state)
        .into_iter()
        .enumerate()
        .map(|(index, section)| {
            let id = ["section-", &index.to_string()].concat();
            let title = if section.title.is_empty() { frame.sections_other } else { section.title };
            let items = section.items.into_iter().map(|item| entry(here, &item)).collect_view();
            view! {
                <h2 class="sidebar-heading" id=id.clone()>{title.to_owned()}</h2>
                <ul class="sidebar-list" aria-labelledby=id>{items}</ul>
            }
        })
        .collect_view();
    view! {
        <nav class="sidebar" id="navigation" aria-label=frame.main_navigation>
            {head(state.preferences.navigation, frame)}
            <div class="sidebar-scroll">
                <ul class="sidebar-list">
                    <li>
                        <a class="nav-link" href="/" title=text.home aria-current=current(here, "/")>
                            <span class="nav-icon">{icon("home")}</span>
                            <span class="nav-text">{text.home}</span>
                        </a>
                    </li>
                </ul>
                {groups}
                {administration(&state, here)}
                {platform(&state, here)}
            </div>
        </nav>
    }
}

/// What only those see who administer the organization.
fn administration(state: &ShellState, here: Option<&str>) -> Option<impl IntoView + use<>> {
    let words = PlatformText::of(state.preferences.locale);
    state.administers.then(|| {
        view! {
            <h2 class="sidebar-heading" id="section-administration">{words.organization_nav}</h2>
            <ul class="sidebar-list" aria-labelledby="section-administration">
                <li>
                    <a class="nav-link" href="/members" title=words.members_nav aria-current=current(here, "/members")>
                        <span class="nav-icon">{icon("people")}</span>
                        <span class="nav-text">{words.members_nav}</span>
                    </a>
                </li>
                <li>
                    <a class="nav-link" href="/decisions" title=words.decisions_nav aria-current=current(here, "/decisions")>
                        <span class="nav-icon">{icon("lock")}</span>
                        <span class="nav-text">{words.decisions_nav}</span>
                    </a>
                </li>
            </ul>
        }
    })
}

/// What only those see who run the platform.
fn platform(state: &ShellState, here: Option<&str>) -> Option<impl IntoView + use<>> {
    let words = HealthText::of(state.preferences.locale);
    state.operates.then(|| {
        view! {
            <h2 class="sidebar-heading" id="section-platform">{words.platform_nav}</h2>
            <ul class="sidebar-list" aria-labelledby="section-platform">
                <li>
                    <a class="nav-link" href="/platform/health" title=words.nav aria-current=current(here, "/platform/health")>
                        <span class="nav-icon">{icon("pulse")}</span>
                        <span class="nav-text">{words.nav}</span>
                    </a>
                </li>
            </ul>
        }
    })
}

fn head(navigation: Navigation, frame: &'static FrameText) -> impl IntoView {
    let is_collapsed = if navigation == Navigation::Collapsed { "true" } else { "false" };
    view! {
        <div class="sidebar-head">
            <a class="brand" href="/">{icon("portico")}<span class="brand-name">"Portico"</span></a>
            <button
                class="icon-button collapse-button needs-script"
                type="button"
                aria-label=frame.collapse_navigation
                title=frame.collapse_navigation
                aria-pressed=is_collapsed
                data-action="collapse"
                data-command=frame.collapse_navigation
            >{icon("sidebar")}</button>
            <a class="icon-button sheet-close" href="#content" aria-label=frame.close_navigation data-action="sheet-close">
                {icon("close")}
            </a>
        </div>
    }
}

fn entry(here: Option<&str>, item: &NavigationItem<'_>) -> impl IntoView + use<> {
    view! {
        <li>
            <a
                class="nav-link"
                href=item.path.to_owned()
                title=item.title.to_owned()
                aria-current=current(here, item.path)
            >
                {tile(&item.application.id, item.title)}
                <span class="nav-text">{item.title.to_owned()}</span>
            </a>
        </li>
    }
}

fn current(here: Option<&str>, path: &str) -> Option<&'static str> {
    (here == Some(path)).then_some("page")
}
