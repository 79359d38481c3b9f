use std::rc::Rc;

use portico_app::ShellState;
use portico_app::bridge::{Bridge, Connection, MountRequest, Mounted, Phase, Scheme};
use portico_contracts::Application;
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

use crate::lifecycle::Outlet;
use crate::page::{Page, Ports};
use crate::{tabs, task};

/// The bridge between the shell and the remotes of one page.
pub struct RemoteBridge {
    page: Rc<Page>,
}

/// One remote in one outlet; dropping it unmounts.
struct Handle(Rc<Outlet>);

impl RemoteBridge {
    /// A bridge for the page that the server rendered from `state`; `scheme` is the colour scheme in effect.
    pub fn new(state: &ShellState, scheme: Scheme, ports: Ports) -> Self {
        Self { page: Rc::new(Page::new(state, scheme, ports)) }
    }

    /// Asks whether the session still stands; something outside (another tab) suggests that it may not.
    pub fn doubt_session(&self) {
        self.page.watch.doubt();
    }

    /// The person sent a form, and is about to leave the page.
    pub fn leaving(&self) {
        self.page.watch.leaving();
    }

    /// The network went away (`false`) or came back.
    pub fn network_changed(&self, online: bool) {
        self.page.hub.network_changed(online);
    }

    /// The browser freezes the page (Page Lifecycle): [`Self::woke_up`] says that it goes on.
    pub fn freezes(&self) {
        self.page.hub.freezes();
    }

    /// The page stood still for a while.
    pub fn woke_up(&self) {
        self.page.hub.woke_up();
    }

    /// The tab came to the front: its remotes may have new versions.
    pub fn came_to_front(&self) {
        self.woke_up();
        if self.page.updates.is_due() {
            let page = Rc::clone(&self.page);
            task::spawn(async move { page.updates.tell(page.mounted()).await });
        }
    }

    /// An error that nobody caught came from the script at this place (a URL, or a stack that holds one). It is reported
    /// if the script is a mounted remote's.
    pub fn unhandled(&self, place: &str, error: &JsValue) {
        let scopes = self.page.mounted();
        if let Some(scope) = scopes.iter().find(|scope| scope.owns(place)) {
            scope.report(error);
        }
    }

    /// Says to the other tabs which session this page was rendered for, and compares with what they say.
    pub fn follow_tabs(self: &Rc<Self>) {
        tabs::follow(self, self.page.session.as_ref());
    }

    /// Sends waiting measurements: the page may be going away.
    pub fn flush_reports(&self) {
        self.page.reporter.flush();
    }
}

impl Bridge for RemoteBridge {
    fn mount(
        &self,
        host: HtmlElement,
        request: MountRequest,
        on_phase: Rc<dyn Fn(Phase)>,
    ) -> Box<dyn Mounted> {
        let outlet = Outlet::new(Rc::clone(&self.page), host, request, on_phase);
        outlet.start();
        Box::new(Handle(outlet))
    }

    fn prefetch(&self, application: &Application) {
        self.page.loader.prefetch(application);
    }

    fn navigated(&self, path: &str) {
        for scope in self.page.mounted() {
            scope.navigated(path);
        }
    }

    fn on_connection(&self, handler: Rc<dyn Fn(Connection)>) {
        self.page.status.watch(handler);
    }

    fn theme_changed(&self, scheme: Scheme) {
        self.page.scheme.set(scheme);
        for scope in self.page.mounted() {
            scope.theme_changed(scheme);
        }
    }

    fn set_navigator(&self, navigate: Rc<dyn Fn(String)>) {
        self.page.set_navigator(navigate);
    }
}

impl Mounted for Handle {
    fn retry(&self) {
        self.0.retry();
    }

    fn unmount(self: Box<Self>) {}
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.stop();
    }
}
