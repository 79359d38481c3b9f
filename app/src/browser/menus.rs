use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Menus are `<details>`, so they open without script. With it, they also close: on a click elsewhere, on Escape, and
/// when the focus leaves them.
pub(super) fn start() {
    window_event_listener(ev::click, |event| close_except(event.target()));
    window_event_listener(ev::focusin, |event| close_except(event.target()));
    window_event_listener(ev::keydown, |event| {
        if event.key() == "Escape"
            && let Some(menu) = open_menus().first()
        {
            menu.set_open(false);
            if let Ok(Some(summary)) = menu.query_selector("summary")
                && let Some(summary) = summary.dyn_ref::<web_sys::HtmlElement>()
            {
                // The summary of a menu on the page can take the focus.
                let _ = summary.focus();
            }
        }
    });
}

fn close_except(target: Option<web_sys::EventTarget>) {
    let target = target.and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    for menu in open_menus() {
        if !menu.contains(target.as_ref()) {
            menu.set_open(false);
        }
    }
}

fn open_menus() -> Vec<web_sys::HtmlDetailsElement> {
    let Ok(found) = document().query_selector_all("details.menu[open]") else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
}
