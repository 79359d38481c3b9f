use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Function;
use portico_app::bridge::Scheme;
use portico_contracts::Application;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal, Element};

use crate::page::Page;
use crate::report::Measurement;
use crate::{js, trace};

type Ending = Box<dyn FnOnce()>;
type Update = Box<dyn Fn()>;

/// What belongs to one mount and ends with it: the signal, subscriptions, navigation handlers.
pub(crate) struct Scope {
    page: Rc<Page>,
    pub(crate) application: std::sync::Arc<Application>,
    abort: AbortController,
    element: Element,
    ended: Cell<bool>,
    /// Tells the outlet that there is another version.
    on_update: Update,
    /// Functions that end what the remote began and did not end itself, by a number.
    endings: RefCell<Vec<(u32, Ending)>>,
    navigation: RefCell<Vec<(u32, Function)>>,
    next: Cell<u32>,
}

impl Scope {
    /// The scope of a remote about to be mounted into `element`.
    ///
    /// # Errors
    /// The browser has no `AbortController`.
    pub(crate) fn new(
        page: Rc<Page>,
        application: std::sync::Arc<Application>,
        element: Element,
        on_update: Update,
    ) -> Result<Rc<Self>, JsValue> {
        let scope = Rc::new(Self {
            page,
            application,
            abort: AbortController::new()?,
            element,
            ended: Cell::new(false),
            on_update,
            endings: RefCell::default(),
            navigation: RefCell::default(),
            next: Cell::new(0),
        });
        scope.page.entered(&scope);
        Ok(scope)
    }

    /// Whether a place (a script's URL, or a stack) lies in this remote's own folder.
    pub(crate) fn owns(&self, place: &str) -> bool {
        let entry = js::absolute(&self.application.entry).unwrap_or_default();
        // Without a folder of its own there is nothing to tell its scripts by.
        let folder = entry.rfind('/').map_or("", |slash| &entry[..=slash]);
        folder.matches('/').count() > 3 && place.contains(folder)
    }

    /// What all remotes on the page share.
    pub(crate) fn page(&self) -> &Rc<Page> {
        &self.page
    }

    /// `ctx.signal`.
    pub(crate) fn signal(&self) -> AbortSignal {
        self.abort.signal()
    }

    /// Whether the remote has been unmounted.
    pub(crate) fn ended(&self) -> bool {
        self.ended.get()
    }

    /// Aborts the signal and ends what the remote began.
    pub(crate) fn end(&self) {
        if self.ended.replace(true) {
            return;
        }
        self.abort.abort();
        self.navigation.take();
        for (_, ending) in self.endings.take() {
            ending();
        }
    }

    /// Notes how to end something; returns its number. In a scope that has ended, it ends at once.
    pub(crate) fn at_end(&self, ending: impl FnOnce() + 'static) -> u32 {
        let number = self.number();
        if self.ended() {
            ending();
        } else {
            self.endings.borrow_mut().push((number, Box::new(ending)));
        }
        number
    }

    /// Ends one thing before its time.
    pub(crate) fn end_one(&self, number: u32) {
        let ending = {
            let mut endings = self.endings.borrow_mut();
            endings.iter().position(|(n, _)| *n == number).map(|at| endings.swap_remove(at).1)
        };
        if let Some(ending) = ending {
            ending();
        }
    }

    /// `ctx.onNavigate(handler)`; returns the handler's number.
    pub(crate) fn on_navigate(&self, handler: Function) -> u32 {
        let number = self.number();
        if !self.ended() {
            self.navigation.borrow_mut().push((number, handler));
        }
        number
    }

    /// Forgets a navigation handler.
    pub(crate) fn off_navigate(&self, number: u32) {
        self.navigation.borrow_mut().retain(|(n, _)| *n != number);
    }

    /// Tells the remote's handlers the shell's new path.
    pub(crate) fn navigated(self: &Rc<Self>, path: &str) {
        let handlers = self.navigation.borrow().clone();
        for (_, handler) in handlers {
            self.call(&handler, &path.into());
        }
    }

    /// Marks the remote's element, so that its styles can follow (`:host([data-theme=dark])`).
    pub(crate) fn theme_changed(&self, scheme: Scheme) {
        let _ = self.element.set_attribute("data-theme", scheme.as_str());
    }

    /// The portal resolves the remote to another version now.
    pub(crate) fn updated(&self) {
        (self.on_update)();
    }

    /// Calls a handler of the remote; what it throws, or rejects with, is reported and goes no further.
    pub(crate) fn call(self: &Rc<Self>, handler: &Function, argument: &JsValue) {
        match handler.call1(&JsValue::UNDEFINED, argument) {
            Err(thrown) => self.report(&thrown),
            Ok(returned) => {
                if let Some(promise) = returned.dyn_ref::<js_sys::Promise>() {
                    let scope = Rc::clone(self);
                    js::catch(
                        promise,
                        &js::function(move |reason, _| {
                            scope.report(&reason);
                            Ok(JsValue::UNDEFINED)
                        }),
                    );
                }
            }
        }
    }

    /// `ctx.reportError(error)`.
    pub(crate) fn report(&self, error: &JsValue) {
        self.page.reporter.send(Measurement {
            // What is reported in a turn that called the portal belongs to that turn.
            trace_id: js::trace_of(error).or_else(trace::current),
            ..Measurement::error(&self.application, js::message_of(error))
        });
    }

    fn number(&self) -> u32 {
        let number = self.next.get();
        self.next.set(number + 1);
        number
    }
}
