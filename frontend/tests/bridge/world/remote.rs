use std::cell::Cell;
use std::sync::Arc;

use portico_contracts::{Application, ApplicationEvent, ApplicationRoute, Style};
use wasm_bindgen::JsValue;

thread_local! {
    static NEXT: Cell<u32> = const { Cell::new(1) };
}

/// A remote written for one test. Its code finds an object of its own in `here`, where it leaves what it saw, and the
/// test finds the same object as `globalThis.remoteN`.
pub(crate) struct Remote {
    application: Application,
    here: String,
}

impl Remote {
    /// A remote whose entry is this code.
    pub(crate) fn of(code: &str) -> Self {
        let number = NEXT.replace(NEXT.get() + 1);
        let here = format!("remote{number}");
        js_sys::Reflect::set(&js_sys::global(), &here.as_str().into(), &js_sys::Object::new())
            .expect("the global object takes properties");
        let application = Application {
            name: format!("@test/r{number}"),
            id: format!("test.r{number}"),
            version: "1.2.0".into(),
            display_name: "Test".into(),
            owner: "team-test".into(),
            entry: String::new(),
            integrity: String::new(),
            format: "esm".into(),
            isolation: "shadow".into(),
            routes: vec![ApplicationRoute {
                path: "/todos".into(),
                title: "Todos".into(),
                mount: "mount".into(),
                nav: None,
            }],
            cards: Vec::new(),
            styles: Vec::new(),
            modules: Vec::new(),
            direct: Vec::new(),
            token_mode: false,
            publishes: Vec::new(),
            subscribes: Vec::new(),
            flags: vec![("beta".into(), true)],
        };
        let mut remote = Self { application, here };
        remote.application.entry = remote.module(code);
        remote
    }

    /// A remote that keeps its context in `here.ctx` and shows a word.
    pub(crate) fn quiet() -> Self {
        Self::of(
            "export function mount(el, ctx) { here.ctx = ctx; el.textContent = 'here I am'; return () => {}; }",
        )
    }

    /// A module's URL. Its code ends in a comment, into which a `?retry=` disappears.
    pub(crate) fn module(&self, code: &str) -> String {
        let code = format!("const here = globalThis.{};\n{code}\n//", self.here);
        format!("data:text/javascript,{}", String::from(js_sys::encode_uri_component(&code)))
    }

    pub(crate) fn change(mut self, change: impl FnOnce(&mut Application)) -> Self {
        change(&mut self.application);
        self
    }

    /// With code that needs to name the remote's own URLs.
    pub(crate) fn with_entry(mut self, code: &str) -> Self {
        self.application.entry = self.module(code);
        self
    }

    pub(crate) fn publishes(self, kind: &str) -> Self {
        self.change(|application| application.publishes.push(ApplicationEvent { kind: kind.into() }))
    }

    pub(crate) fn subscribes(self, kind: &str) -> Self {
        self.change(|application| application.subscribes.push(ApplicationEvent { kind: kind.into() }))
    }

    pub(crate) fn style(self, css: &str, integrity: &str) -> Self {
        let href = format!("data:text/css,{}", String::from(js_sys::encode_uri_component(css)));
        self.change(|application| application.styles.push(Style { href, integrity: integrity.into() }))
    }

    pub(crate) fn application(&self) -> Arc<Application> {
        Arc::new(self.application.clone())
    }

    /// What the remote left under a name.
    pub(crate) fn left(&self, name: &str) -> JsValue {
        let here = js_sys::Reflect::get(&js_sys::global(), &self.here.as_str().into()).expect("its object");
        js_sys::Reflect::get(&here, &name.into()).expect("a plain object")
    }

    /// Evaluates JavaScript in which `ctx` is the remote's context.
    pub(crate) async fn run(&self, code: &str) -> Result<JsValue, JsValue> {
        super::eval(&format!("const here = globalThis.{}; const ctx = here.ctx; {code}", self.here)).await
    }

    /// As `run`, for code that yields text.
    pub(crate) async fn say(&self, code: &str) -> String {
        match self.run(code).await {
            Ok(value) => value.as_string().unwrap_or_else(|| panic!("not text: {value:?}")),
            Err(error) => panic!("threw {error:?}"),
        }
    }
}
