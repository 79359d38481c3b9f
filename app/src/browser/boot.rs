use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use any_spawner::Executor;
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::{PositionState, RenderHtml};
use wasm_bindgen::JsCast;

use super::palette::Palette;
use super::{actions, dom, keys, location, menus, network, theme};
use crate::bridge::Bridge;
use crate::pages;
use crate::preferences::Theme;
use crate::routing::Page;
use crate::shell::Shell;
use crate::state::ShellState;

/// What the browser's parts of the shell share.
pub(super) struct Browser {
    pub(super) shell: Shell,
    /// The page shown, where the browser may show others by itself; a page that the server decided about, and a session
    /// that has ended, are left by full navigation.
    pub(super) page: Option<RwSignal<Page>>,
    pub(super) ended: Cell<bool>,
    pub(super) theme: Cell<Theme>,
    /// None without a session.
    pub(super) palette: Option<Rc<Palette>>,
}

impl Browser {
    pub(super) fn open_palette(&self) {
        if let Some(palette) = &self.palette {
            palette.open();
        }
    }
}

/// Takes over the server-rendered body. `state` must be the value it was rendered from.
pub fn hydrate(state: ShellState, bridge: Rc<dyn Bridge>) {
    let theme = state.preferences.theme;
    let shell = Shell::with_bridge(Arc::new(state), bridge);
    let page = hydrate_page(&shell);
    let browser = Rc::new(Browser {
        shell,
        page,
        ended: Cell::new(false),
        theme: Cell::new(theme),
        palette: Palette::start(),
    });
    location::start(&browser);
    actions::start(&browser);
    keys::start(&browser);
    menus::start();
    network::start(&browser);
    theme::start(&browser);
    dom::reveal(".sidebar [aria-current=page]");
}

/// Hydrates the content area, unless the server alone decides about what is in it.
fn hydrate_page(shell: &Shell) -> Option<RwSignal<Page>> {
    let content: web_sys::HtmlElement = dom::by_id("content")?.dyn_into().ok()?;
    let page = location::current(shell)?;
    if content.get_attribute("data-page")? != "local" || !page.is_local(&shell.state) {
        return None;
    }
    // The signal outlives the page: its owner is never disposed of.
    let owner = Owner::new();
    let page = owner.with(|| RwSignal::new(page));
    std::mem::forget(owner);
    let shell = shell.clone();
    take_over(content, move || pages::local(&shell, page.get()));
    Some(page)
}

/// Hydrates an element's content, for as long as the document lasts. As `leptos::mount::hydrate_from` does, but without
/// what receives the server's resources and errors: there are none, since every page is rendered from the state alone.
fn take_over(content: web_sys::HtmlElement, view: impl IntoView + 'static) {
    // An error says that the executor stands already.
    let _ = Executor::init_wasm_bindgen();
    let owner = Owner::new_root(None);
    let mounted = owner.with(|| {
        let view = view.into_view();
        view.hydrate::<true>(&Cursor::new(content.unchecked_into()), &PositionState::default())
    });
    std::mem::forget((owner, mounted));
}
