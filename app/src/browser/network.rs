use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;

use super::boot::Browser;
use super::dom;
use crate::bridge::Connection;

/// Follows the browser's network state and the bridge's stream.
pub(super) fn start(browser: &Rc<Browser>) {
    window_event_listener(ev::online, |_| dom::show("offline", false));
    window_event_listener(ev::offline, |_| warn("offline"));
    if !window().navigator().on_line() {
        warn("offline");
    }
    if let Some(bridge) = browser.shell.bridge() {
        let browser = Rc::clone(browser);
        bridge.on_connection(Rc::new(move |state| {
            show(state);
            if state == Connection::Ended && !browser.ended.replace(true) {
                warn("ended");
            }
        }));
    }
}

/// Shows a banner of the frame, and has the live region read it.
fn warn(id: &str) {
    dom::show(id, true);
    if let Some(words) = dom::by_id(id).and_then(|banner| banner.text_content()) {
        dom::announce(&words);
    }
}

/// The frame carries the words for each state.
fn show(state: Connection) {
    let Some(light) = dom::by_id("connection") else { return };
    let words = light.get_attribute(&["data-", state.code()].concat());
    dom::set(&light, "data-state", Some(state.code()));
    dom::set(&light, "aria-label", words.as_deref());
    dom::set(&light, "title", words.as_deref());
}
