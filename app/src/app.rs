//! The root component.
#![expect(unreachable_pub, reason = "`#[component]` makes an inner function public")]

use std::sync::Arc;

use leptos::either::Either;
use leptos::prelude::*;

use crate::browser;
use crate::components::{Banners, Palette, Sidebar, Topbar};
use crate::pages;
use crate::routing::Page;
use crate::shell::Shell;
use crate::state::ShellState;

/// The whole document's content. In the browser it expects `SendWrapper<Rc<dyn Bridge>>` in context; without one,
/// remotes stay at their skeletons.
#[component]
pub fn App(
    /// What the page is made from.
    state: Arc<ShellState>,
    /// Where it is, as requested: `/todos?done=1`.
    path: String,
) -> impl IntoView {
    let shell = Shell::new(state, path);
    let announcement = shell.announcement;
    let started = shell.clone();
    Effect::new(move || browser::start(&started));
    let has_frame = shell.state.session.is_some();
    view! {
        <a class="skip-link" href="#content">{shell.text.skip}</a>
        {if has_frame { Either::Left(framed(shell)) } else { Either::Right(bare(shell)) }}
        <div class="visually-hidden" role="status" aria-live="polite">{announcement}</div>
    }
}

/// A page of a signed-in person: side bar, top bar, content.
fn framed(shell: Shell) -> impl IntoView {
    let (navigation, sheet) = (shell.navigation, shell.sheet);
    let palette = shell.clone();
    view! {
        <div
            class="shell"
            data-navigation=move || navigation.get().as_str()
            data-sheet=move || if sheet.get() { "open" } else { "closed" }
        >
            <Sidebar shell=shell.clone()/>
            <a
                class="sheet-backdrop"
                href="#content"
                tabindex="-1"
                aria-hidden="true"
                on:click=move |event| {
                    event.prevent_default();
                    sheet.set(false);
                }
            ></a>
            <div class="frame" inert=move || sheet.get()>
                <Topbar shell=shell.clone()/>
                <Banners shell=shell.clone()/>
                <main id="content" class="content" tabindex="-1">
                    {move || pages::show(shell.clone(), shell.page.get())}
                </main>
            </div>
        </div>
        <Palette shell=palette/>
    }
}

/// A page without a session: signing in, or an error before anyone is known.
fn bare(shell: Shell) -> impl IntoView {
    let page: Page = shell.page.get_untracked();
    view! {
        <main id="content" class="bare" tabindex="-1">
            {pages::show(shell, page)}
        </main>
    }
}

/// Takes over the server-rendered body. `state` must be the value it was rendered from.
#[cfg(feature = "hydrate")]
pub fn hydrate(state: ShellState, bridge: std::rc::Rc<dyn crate::bridge::Bridge>) {
    leptos::mount::hydrate_body(move || {
        provide_context(send_wrapper::SendWrapper::new(bridge));
        let location = window().location();
        // A document's own address can always be read.
        let path = [location.pathname().unwrap_or_default(), location.search().unwrap_or_default()].concat();
        view! { <App state=Arc::new(state) path/> }
    });
}
