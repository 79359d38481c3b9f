//! The page this program runs in.

use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, EventTarget, Window};

/// The window. This program is only ever loaded by a page, never by a worker.
pub(crate) fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

/// The window's document.
pub(crate) fn document() -> Document {
    window().document().expect("a window that runs scripts has a document")
}

/// A new element. The names used here are constants that every browser knows.
pub(crate) fn element(name: &str) -> Element {
    document().create_element(name).expect("a constant, valid name")
}

/// Listens for as long as the page lives.
pub(crate) fn listen(target: &EventTarget, kind: &str, handler: impl Fn(JsValue) + 'static) {
    let handler = crate::js::function(move |event, _| {
        handler(event);
        Ok(JsValue::UNDEFINED)
    });
    let _ = target.add_event_listener_with_callback(kind, &handler);
}
