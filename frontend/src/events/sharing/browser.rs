use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortController, BroadcastChannel};

use super::ports::{Channel, Lock, LockSignal, Tabs};
use crate::{dom, js};

/// The browser's own locks and channels.
pub struct BrowserTabs {
    /// `navigator.locks`
    locks: JsValue,
}

struct JoinedChannel(BroadcastChannel);

struct RequestedLock {
    /// Settles the promise that the browser holds the lock for.
    release: JsValue,
    /// Ends the wait. A lock that is to be stolen is not waited for.
    wait: Option<AbortController>,
    given_up: Rc<Cell<bool>>,
}

impl BrowserTabs {
    /// None where the browser lacks one of the two, or keeps them from this page.
    pub fn find() -> Option<Self> {
        let window = dom::window();
        let locks = js::get(&js::get(&window, "navigator"), "locks");
        let has_both = locks.is_object() && js::get(&window, "BroadcastChannel").is_function();
        has_both.then_some(Self { locks })
    }
}

impl Tabs for BrowserTabs {
    fn join(&self, name: &str, on_message: Rc<dyn Fn(JsValue)>) -> Box<dyn Channel> {
        let channel = BroadcastChannel::new(name).expect("the browser has channels, and any name is one");
        dom::listen(&channel, "message", move |event| on_message(js::get(&event, "data")));
        Box::new(JoinedChannel(channel))
    }

    fn lock(&self, name: &str, steal: bool, on_signal: Rc<dyn Fn(LockSignal)>) -> Box<dyn Lock> {
        let mut release = JsValue::UNDEFINED;
        let held = Promise::new(&mut |resolve, _| release = resolve.into());
        let wait = if steal { None } else { AbortController::new().ok() };
        let options = Object::new();
        match &wait {
            Some(wait) => js::set(&options, "signal", wait.signal()),
            None => js::set(&options, "steal", steal),
        }
        let given_up = Rc::new(Cell::new(false));
        let granted = js::function({
            let (given_up, on_signal) = (Rc::clone(&given_up), Rc::clone(&on_signal));
            move |_, _| {
                if !given_up.get() {
                    on_signal(LockSignal::Granted);
                }
                Ok(held.clone().into())
            }
        });
        let ended = js::function({
            let given_up = Rc::clone(&given_up);
            move |_, _| {
                if !given_up.get() {
                    on_signal(LockSignal::Stolen);
                }
                Ok(JsValue::UNDEFINED)
            }
        });
        if let Some(promise) = self.request(name, &options, &granted) {
            js::catch(&promise, &ended);
        }
        Box::new(RequestedLock { release, wait, given_up })
    }
}

impl BrowserTabs {
    /// `navigator.locks.request(name, options, granted)`
    fn request(&self, name: &str, options: &Object, granted: &Function) -> Option<Promise> {
        let request = js::get(&self.locks, "request").dyn_into::<Function>().ok()?;
        let arguments = js_sys::Array::of3(&name.into(), options, granted);
        Reflect::apply(&request, &self.locks, &arguments).ok()?.dyn_into().ok()
    }
}

impl Channel for JoinedChannel {
    fn post(&self, message: &JsValue) {
        // Arrays of text and numbers can always be copied.
        let _ = self.0.post_message(message);
    }
}

impl Drop for JoinedChannel {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Lock for RequestedLock {}

impl Drop for RequestedLock {
    fn drop(&mut self) {
        self.given_up.set(true);
        if let Some(release) = self.release.dyn_ref::<Function>() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
        if let Some(wait) = &self.wait {
            wait.abort();
        }
    }
}
