//! Errors that nobody caught. Those of a remote's scripts are reported in its name; the rest stays in the console.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use crate::bridge::RemoteBridge;
use crate::{dom, js};

/// Listens for errors and rejections that reach the window.
pub(crate) fn follow(bridge: &Rc<RemoteBridge>) {
    let window = dom::window();
    let errors = Rc::clone(bridge);
    dom::listen(&window, "error", move |event| {
        errors.unhandled(&js::text(&event, "filename").unwrap_or_default(), &cause(&event, "error"));
    });
    let rejections = Rc::clone(bridge);
    dom::listen(&window, "unhandledrejection", move |event| {
        let reason = js::get(&event, "reason");
        rejections.unhandled(&js::text(&reason, "stack").unwrap_or_default(), &reason);
    });
}

/// What was thrown; the event itself, which has a message too, where the browser does not say.
fn cause(event: &JsValue, key: &str) -> JsValue {
    let thrown = js::get(event, key);
    if thrown.is_null() || thrown.is_undefined() { event.clone() } else { thrown }
}
