//! A page with a bridge, and everything around it that tests play themselves.

mod browser;
mod log;
mod portal;
mod remote;
mod streams;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Function, Promise};
use portico_app::ShellState;
use portico_app::bridge::{Bridge, Connection, Failure, MountRequest, Mounted, Phase, Place, Scheme};
use portico_contracts::{Application, Organization, Session};
use portico_frontend::{Limits, OpenStream, Ports, RemoteBridge, Tabs};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

pub(crate) use browser::FakeBrowser;
pub(crate) use log::FakeLog;
pub(crate) use portal::FakePortal;
pub(crate) use remote::Remote;
pub(crate) use streams::FakeStreams;

/// A signed-in page.
pub(crate) struct World {
    pub(crate) bridge: RemoteBridge,
    pub(crate) portal: Rc<FakePortal>,
    pub(crate) streams: Rc<FakeStreams>,
}

/// One outlet with a remote in it.
pub(crate) struct Outlet {
    pub(crate) host: HtmlElement,
    pub(crate) mounted: Box<dyn Mounted>,
    phases: Rc<RefCell<Vec<Phase>>>,
}

/// Short limits: what the real ones are is not what is tested.
pub(crate) fn limits() -> Limits {
    Limits {
        load: 1_500,
        mount: 400,
        unmount: 200,
        token: 100,
        failures: 3,
        probe: 500,
        silence: 500,
        leader_silence: 400,
        leader_answer: 100,
        backoff: 20,
        publish: 300,
        calm: 40,
        leave: 300,
        updates: 20,
        report: 10,
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_import(Function::new_with_args("url", "return import(url)"))
    }

    pub(crate) fn with_import(import: Function) -> Self {
        let streams = Rc::new(FakeStreams::default());
        Self::with(import, Rc::clone(&streams) as Rc<dyn OpenStream>, streams, None, limits())
    }

    /// One of several tabs of a browser, with streams that carry what is in a log.
    /// `leader_silence` is how long tabs wait before they doubt their leader.
    pub(crate) fn tab_with_log(
        browser: &Rc<FakeBrowser>,
        log: Rc<dyn OpenStream>,
        leader_silence: u32,
    ) -> Self {
        let import = Function::new_with_args("url", "return import(url)");
        let limits = Limits { leader_silence, ..limits() };
        Self::with(import, log, Rc::default(), Some(browser.tab()), limits)
    }

    fn with(
        import: Function,
        opener: Rc<dyn OpenStream>,
        streams: Rc<FakeStreams>,
        tabs: Option<Rc<dyn Tabs>>,
        limits: Limits,
    ) -> Self {
        let portal = Rc::new(FakePortal::default());
        let ports =
            Ports { nonce: "r4nd0m".into(), import, portal: portal.clone(), streams: opener, tabs, limits };
        Self { bridge: RemoteBridge::new(&state(), Scheme::Light, ports), portal, streams }
    }

    pub(crate) fn mount(&self, application: &Arc<Application>) -> Outlet {
        self.mount_as(application, "mount", Place::Page { base_path: "/todos".into() })
    }

    pub(crate) fn mount_as(&self, application: &Arc<Application>, mount: &str, place: Place) -> Outlet {
        let host: HtmlElement = document().create_element("div").expect("a div").unchecked_into();
        document().body().expect("a body").append_child(&host).expect("appended");
        let phases = Rc::new(RefCell::new(Vec::new()));
        let told = Rc::clone(&phases);
        let request = MountRequest { application: Arc::clone(application), mount: mount.into(), place };
        let on_phase = Rc::new(move |phase| told.borrow_mut().push(phase));
        let mounted = self.bridge.mount(host.clone(), request, on_phase);
        Outlet { host, mounted, phases }
    }

    pub(crate) async fn mounted(&self, application: &Arc<Application>) -> Outlet {
        let outlet = self.mount(application);
        outlet.ready().await;
        outlet
    }

    /// Every state of the connection that the shell was told, from now on.
    pub(crate) fn connections(&self) -> Rc<RefCell<Vec<Connection>>> {
        let told = Rc::new(RefCell::new(Vec::new()));
        let told_to = Rc::clone(&told);
        self.bridge.on_connection(Rc::new(move |connection| told_to.borrow_mut().push(connection)));
        told
    }
}

impl Outlet {
    pub(crate) fn phases(&self) -> Vec<Phase> {
        self.phases.borrow().clone()
    }

    pub(crate) async fn ready(&self) {
        until("the remote is ready", || self.phases().last() == Some(&Phase::Ready)).await;
    }

    pub(crate) async fn failure(&self) -> Failure {
        until("the remote failed", || matches!(self.phases().last(), Some(Phase::Failed(_)))).await;
        match self.phases().pop() {
            Some(Phase::Failed(failure)) => failure,
            other => panic!("failed, and then {other:?}"),
        }
    }

    /// The text that the remote shows, inside its shadow root or outside of one.
    pub(crate) fn text(&self) -> String {
        let Some(outer) = self.host.first_element_child() else { return String::new() };
        match outer.shadow_root() {
            Some(shadow) => shadow.text_content().unwrap_or_default(),
            None => outer.text_content().unwrap_or_default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.host.first_element_child().is_none()
    }
}

pub(crate) fn session() -> Session {
    Session {
        sub: "u-alice".into(),
        name: "Alice".into(),
        email: Some("alice@acme.example".into()),
        org_id: "acme".into(),
        organizations: vec![Organization { id: "acme".into(), name: "Acme".into() }],
        permissions: vec!["todos.admin".into(), "todos.read".into()],
        entitlements: vec!["todos.read".into()],
        expires_at: "2030-01-01T00:00:00Z".into(),
    }
}

fn state() -> ShellState {
    ShellState { session: Some(session()), shell_version: "1.4.0".into(), ..ShellState::default() }
}

pub(crate) fn document() -> web_sys::Document {
    web_sys::window().expect("a window").document().expect("a document")
}

pub(crate) async fn sleep(milliseconds: i32) {
    let timer = Function::new_with_args("ms", "return new Promise(done => setTimeout(done, ms))");
    let promise = timer.call1(&JsValue::UNDEFINED, &milliseconds.into()).expect("a promise");
    JsFuture::from(Promise::resolve(&promise)).await.expect("timers fire");
}

/// Waits until something holds; fails after twenty seconds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..4_000 {
        if holds() {
            return;
        }
        sleep(5).await;
    }
    panic!("waited in vain until {what}");
}

/// Evaluates JavaScript; a promise is waited for.
pub(crate) async fn eval(code: &str) -> Result<JsValue, JsValue> {
    let body = format!("return (async () => {{ {code} }})()");
    let promise = Function::new_no_args(&body).call0(&JsValue::UNDEFINED)?;
    JsFuture::from(Promise::resolve(&promise)).await
}

/// As `eval`, for code that yields text.
pub(crate) async fn text_of(code: &str) -> String {
    match eval(code).await {
        Ok(value) => value.as_string().unwrap_or_else(|| panic!("not text: {value:?}")),
        Err(error) => panic!("threw {error:?}"),
    }
}
