use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Object, Promise};
use portico_contracts::Application;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::import_map::{Entries, ImportMaps};
use crate::table::Table;
use crate::{dom, js};

/// Loads remotes' modules: lists their hashes, then imports their entry. Each module is evaluated once per page,
/// however many cards it has, until it fails.
pub(crate) struct Loader {
    /// `(url) => import(url)`. Dynamic import is syntax, so it comes from the boot module.
    import: Function,
    maps: ImportMaps,
    modules: RefCell<Table<Rc<Module>>>,
}

/// The module graph of one version of a remote.
#[derive(Default)]
struct Module {
    namespace: RefCell<Option<Promise>>,
    /// How often it failed. A module that failed stays failed at its URL, so every failure leads to a new one.
    failures: Cell<u32>,
    prefetched: Cell<bool>,
}

impl Loader {
    /// `import` resolves to a module's namespace.
    pub(crate) fn new(nonce: String, import: Function) -> Self {
        Self { import, maps: ImportMaps::new(nonce), modules: RefCell::default() }
    }

    /// Begins to import the remote's entry, or joins an import that has begun.
    ///
    /// # Errors
    /// The entry's address is not a URL.
    pub(crate) fn import(&self, application: &Application) -> Result<Promise, JsValue> {
        let module = self.module(application);
        if let Some(promise) = module.namespace.borrow().clone() {
            return Ok(promise);
        }
        let promise = self.begin(application, module.failures.get())?;
        module.namespace.replace(Some(promise.clone()));
        Ok(promise)
    }

    /// The namespace that an import resolves to.
    ///
    /// # Errors
    /// What `import()` rejected with: the module could not be fetched, was refused, or threw.
    pub(crate) async fn settle(
        &self,
        application: &Application,
        import: &Promise,
    ) -> Result<JsValue, JsValue> {
        let outcome = JsFuture::from(import.clone()).await;
        if outcome.is_err() {
            self.abandon(application, import);
        }
        outcome
    }

    /// Gives up on an import that failed or takes too long: the next attempt uses a fresh URL.
    pub(crate) fn abandon(&self, application: &Application, import: &Promise) {
        let module = self.module(application);
        // Another outlet may have given up on it, and begun anew, before.
        let is_current =
            module.namespace.borrow().as_ref().is_some_and(|current| Object::is(current, import));
        if is_current {
            module.namespace.take();
            module.failures.set(module.failures.get() + 1);
        }
    }

    /// Fetches the modules ahead of need, without evaluating them.
    pub(crate) fn prefetch(&self, application: &Application) {
        let module = self.module(application);
        if module.namespace.borrow().is_some() || module.prefetched.replace(true) {
            return;
        }
        let entries = entries(application, 0);
        self.maps.add(&entries);
        for (url, integrity) in &entries.integrity {
            let link = dom::element("link");
            js::set(&link, "rel", "modulepreload");
            js::set(&link, "integrity", integrity.as_str());
            js::set(&link, "href", url.as_str());
            if let Some(head) = dom::document().head() {
                let _ = head.append_child(&link);
            }
        }
    }

    fn begin(&self, application: &Application, failures: u32) -> Result<Promise, JsValue> {
        let entries = entries(application, failures);
        self.maps.add(&entries);
        let entry = js::absolute(&application.entry)
            .ok_or_else(|| js::error("TypeError", "the entry's address is not a URL"))?;
        let url = entries.at(&entry);
        let namespace = self.import.call1(&JsValue::UNDEFINED, &url.into())?;
        Ok(Promise::resolve(&namespace))
    }

    fn module(&self, application: &Application) -> Rc<Module> {
        Rc::clone(self.modules.borrow_mut().or_insert_with(&application.entry, Rc::default))
    }
}

/// Every script of the remote with its hash, and the mark of the copy that the next attempt uses.
fn entries(application: &Application, failures: u32) -> Entries {
    let entry = (&application.entry, &application.integrity);
    let scripts = std::iter::once(entry).chain(application.modules.iter().map(|(url, hash)| (url, hash)));
    let integrity = scripts.filter_map(|(url, hash)| Some((js::absolute(url)?, hash.clone()))).collect();
    Entries { integrity, copy: failures }
}
