use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Function;
use portico_app::ShellState;
use portico_app::bridge::Scheme;
use portico_contracts::Session;

use crate::breaker::Breakers;
use crate::context::tokens::Tokens;
use crate::events::{Hub, OpenStream, StreamPorts, Tabs};
use crate::lifecycle::scope::Scope;
use crate::limits::Limits;
use crate::loader::Loader;
use crate::portal::Portal;
use crate::report::Reporter;
use crate::session_watch::{SessionWatch, Status};
use crate::styles::Styles;
use crate::tabs;
use crate::updates::Updates;

type Navigator = Rc<dyn Fn(String)>;

/// What all remotes on this page share.
pub(crate) struct Page {
    pub(crate) session: Option<Session>,
    pub(crate) shell_version: String,
    pub(crate) locale: &'static str,
    pub(crate) scheme: Cell<Scheme>,
    pub(crate) limits: Limits,
    pub(crate) portal: Rc<dyn Portal>,
    pub(crate) loader: Loader,
    pub(crate) styles: Styles,
    pub(crate) breakers: Breakers,
    pub(crate) reporter: Rc<Reporter>,
    pub(crate) status: Rc<Status>,
    pub(crate) watch: Rc<SessionWatch>,
    pub(crate) hub: Rc<Hub>,
    pub(crate) tokens: Rc<Tokens>,
    pub(crate) updates: Updates,
    navigator: RefCell<Option<Navigator>>,
    mounted: RefCell<Vec<Weak<Scope>>>,
}

/// What the page needs from outside; tests bring their own.
pub struct Ports {
    /// The page's CSP nonce, for import maps.
    pub nonce: String,
    /// `(url) => import(url)`.
    pub import: Function,
    /// The server.
    pub portal: Rc<dyn Portal>,
    /// Opens event streams.
    pub streams: Rc<dyn OpenStream>,
    /// What this tab shares with others; none where the browser offers nothing of the kind.
    pub tabs: Option<Rc<dyn Tabs>>,
    /// Time limits.
    pub limits: Limits,
}

impl Page {
    /// The page that the server rendered from `state`. `scheme` is the colour scheme in effect.
    pub(crate) fn new(state: &ShellState, scheme: Scheme, ports: Ports) -> Self {
        let Ports { nonce, import, portal, streams, tabs, limits } = ports;
        let org_id = state.session.as_ref().map(|session| session.org_id.clone()).unwrap_or_default();
        let status = Rc::new(Status::new());
        let watch = Rc::new(SessionWatch::new(Rc::clone(&portal), org_id, Rc::clone(&status), &limits));
        let reporter = Rc::new(Reporter::new(Rc::clone(&portal), limits.report));
        Self {
            session: state.session.clone(),
            shell_version: state.shell_version.clone(),
            locale: state.preferences.locale.as_str(),
            scheme: Cell::new(scheme),
            loader: Loader::new(nonce, import),
            styles: Styles::default(),
            breakers: Breakers::new(&limits),
            hub: Hub::new(StreamPorts {
                portal: Rc::clone(&portal),
                streams,
                tabs,
                // Tabs that an earlier version of the shell rendered do not understand these: they have another name.
                name: ["portico events 2 ", &tabs::mark(state.session.as_ref())].concat(),
                status: Rc::clone(&status),
                watch: Rc::clone(&watch),
                limits: limits.clone(),
            }),
            tokens: Rc::new(Tokens::new(Rc::clone(&portal))),
            updates: Updates::new(Rc::clone(&portal), limits.updates),
            portal,
            limits,
            reporter,
            status,
            watch,
            navigator: RefCell::default(),
            mounted: RefCell::default(),
        }
    }

    /// Notes a remote that is about to be mounted, so that it hears of navigation and theme.
    pub(crate) fn entered(&self, scope: &Rc<Scope>) {
        let mut mounted = self.mounted.borrow_mut();
        mounted.retain(|scope| scope.strong_count() > 0);
        mounted.push(Rc::downgrade(scope));
    }

    /// The remotes that are on the page now.
    pub(crate) fn mounted(&self) -> Vec<Rc<Scope>> {
        self.mounted.borrow().iter().filter_map(Weak::upgrade).filter(|scope| !scope.ended()).collect()
    }

    /// Sets the shell's own navigation.
    pub(crate) fn set_navigator(&self, navigate: Navigator) {
        self.navigator.replace(Some(navigate));
    }

    /// Navigates the shell to a path of this portal.
    pub(crate) fn navigate(&self, path: String) {
        let navigator = self.navigator.borrow().clone();
        if let Some(navigate) = navigator {
            navigate(path);
        }
    }
}
