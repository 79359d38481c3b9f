use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use send_wrapper::SendWrapper;

use crate::bridge::{Bridge, Connection};
use crate::browser;
use crate::preferences::{Navigation, Theme};
use crate::routing::{Page, resolve};
use crate::state::ShellState;
use crate::text::Text;

/// What the shell's parts share: the state the page was made from, and the few things that change while it is open.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) state: Arc<ShellState>,
    pub(crate) text: &'static Text,
    /// Path and query of the current place.
    pub(crate) path: RwSignal<String>,
    pub(crate) page: RwSignal<Page>,
    pub(crate) theme: RwSignal<Theme>,
    pub(crate) navigation: RwSignal<Navigation>,
    /// Whether the side bar is open as a sheet, on narrow screens.
    pub(crate) sheet: RwSignal<bool>,
    pub(crate) palette: RwSignal<bool>,
    pub(crate) connection: RwSignal<Connection>,
    /// What the browser says about the network.
    pub(crate) online: RwSignal<bool>,
    /// What the live region says.
    pub(crate) announcement: RwSignal<String>,
    bridge: Option<SendWrapper<Rc<dyn Bridge>>>,
}

impl Shell {
    pub(crate) fn new(state: Arc<ShellState>, path_and_query: String) -> Self {
        let preferences = state.preferences;
        Self {
            text: Text::of(preferences.locale),
            page: RwSignal::new(resolve(&path_and_query, &state)),
            path: RwSignal::new(path_and_query),
            theme: RwSignal::new(preferences.theme),
            navigation: RwSignal::new(preferences.navigation),
            sheet: RwSignal::new(false),
            palette: RwSignal::new(false),
            connection: RwSignal::new(Connection::Idle),
            online: RwSignal::new(true),
            announcement: RwSignal::new(String::new()),
            bridge: use_context(),
            state,
        }
    }

    /// The browser's half; none on the server.
    pub(crate) fn bridge(&self) -> Option<&dyn Bridge> {
        self.bridge.as_ref().map(|bridge| &***bridge)
    }

    /// Whether other pages can be shown without asking the server: not from a page the server decided about, and not
    /// once the session has ended.
    pub(crate) fn navigates_locally(&self) -> bool {
        self.state.outcome.is_none()
            && self.state.session.is_some()
            && self.connection.get_untracked() != Connection::Ended
    }

    /// Shows another page of this document. The caller has resolved it and changed the address.
    pub(crate) fn show(&self, path_and_query: String, page: Page) {
        if let Some(bridge) = self.bridge() {
            bridge.navigated(&path_and_query);
        }
        self.path.set(path_and_query);
        self.sheet.set(false);
        self.palette.set(false);
        if self.page.get_untracked() != page {
            self.page.set(page);
            self.announcement.set(page.heading(&self.state).to_owned());
        }
    }

    /// Changes the theme here, in the remotes, and for the next visit.
    pub(crate) fn choose_theme(&self, theme: Theme) {
        self.theme.set(theme);
        browser::theme::apply(theme);
        if let Some(bridge) = self.bridge() {
            bridge.theme_changed(browser::theme::scheme(theme));
        }
    }

    /// Collapses or expands the side bar, now and for the next visit.
    pub(crate) fn toggle_navigation(&self) {
        let next = match self.navigation.get_untracked() {
            Navigation::Open => Navigation::Collapsed,
            Navigation::Collapsed => Navigation::Open,
        };
        self.navigation.set(next);
        browser::cookies::remember(crate::preferences::NAVIGATION_COOKIE, next.as_str());
    }
}
