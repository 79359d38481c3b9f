use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::actions::target;
use super::dom;

/// Menus are `<details>`, so they open without script. With it, they also close: on a click elsewhere, on Escape, and
/// when the focus leaves them.
pub(super) fn start() {
    window_event_listener(ev::click, |event| close_except(target(&event)));
    window_event_listener(ev::focusin, |event| close_except(target(&event)));
    window_event_listener(ev::keydown, |event| {
        if event.key() == "Escape"
            && let Some(summary) = dom::find(".menu[open] > summary")
        {
            close_except(None);
            if let Some(summary) = summary.dyn_ref::<web_sys::HtmlElement>() {
                // The summary of a menu on the page can take the focus.
                let _ = summary.focus();
            }
        }
    });
}

/// Closes every menu that does not hold the element.
pub(super) fn close_except(target: Option<web_sys::Element>) {
    for menu in dom::find_all(".menu[open]") {
        if !menu.contains(target.as_deref()) {
            dom::set(&menu, "open", None);
        }
    }
}
