use std::sync::Arc;

use leptos::either::Either;
use leptos::prelude::*;

use super::banners::Banners;
use super::palette::Palette;
use super::registry_problems::registry_problems;
use super::sidebar::Sidebar;
use super::topbar::Topbar;
use crate::pages;
use crate::routing::{Page, resolve};
use crate::shell::Shell;
use crate::state::ShellState;
use crate::text::FrameText;

/// The whole document's content, as it stands inside `<body>`.
#[component]
pub fn App(
    /// What the page is made from.
    state: Arc<ShellState>,
    /// Where it is, as requested: `/todos?done=1`.
    path: String,
) -> impl IntoView {
    let page = resolve(&path, &state);
    let is_signed_in = state.session.is_some();
    let text = FrameText::of(state.preferences.locale);
    let is_local = page.is_local(&state);
    let content = view! {
        <main
            id="content"
            class=if is_signed_in { "content" } else { "bare" }
            tabindex="-1"
            data-page=if is_local { "local" } else { "decided" }
        >
            // Hydration takes the first element only; what follows it stays as it is.
            {if is_local {
                Either::Left(pages::local(&Shell::new(state.clone()), page))
            } else {
                Either::Right(pages::decided(&state, page, &path))
            }}
            {(is_local && page == Page::Home).then(|| registry_problems(&state))}
        </main>
    };
    view! {
        <a class="skip-link" href="#content">{text.skip}</a>
        {if is_signed_in {
            Either::Left(framed(&state, &path, content))
        } else {
            Either::Right(content)
        }}
        <div class="visually-hidden" id="status" role="status" aria-live="polite"></div>
    }
}

/// A page of a signed-in person: side bar, top bar, content.
fn framed<C: IntoView>(state: &Arc<ShellState>, path: &str, content: C) -> impl IntoView + use<C> {
    view! {
        <div class="shell" id="shell" data-navigation=state.preferences.navigation.as_str() data-sheet="closed">
            <Sidebar state=state.clone() path=path.to_owned()/>
            <a class="sheet-backdrop" href="#content" tabindex="-1" aria-hidden="true" data-action="sheet-close"></a>
            <div class="frame" id="frame">
                <Topbar state=state.clone() path=path.to_owned()/>
                <Banners state=state.clone() path=path.to_owned()/>
                {content}
            </div>
        </div>
        <Palette state=state.clone()/>
    }
}
