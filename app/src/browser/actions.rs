use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::boot::Browser;
use super::{cookies, dom, location, sheet, theme};
use crate::preferences::{LOCALE_COOKIE, NAVIGATION_COOKIE, Theme};

/// Works the controls of the frame: each says in `data-action` what it does.
pub(super) fn start(browser: &Rc<Browser>) {
    let browser = Rc::clone(browser);
    window_event_listener(ev::click, move |event| {
        let Some(control) = target(&event).and_then(|target| target.closest("[data-action]").ok().flatten())
        else {
            return;
        };
        let action = control.get_attribute("data-action").unwrap_or_default();
        if control.has_attribute("href") {
            // Without script these are jumps within the page.
            event.prevent_default();
        }
        run(&browser, &action, &control);
    });
}

fn run(browser: &Browser, action: &str, control: &web_sys::Element) {
    let value = || control.get_attribute("value").unwrap_or_default();
    match action {
        "search" => browser.open_palette(),
        "sheet-open" => sheet::open(),
        "sheet-close" => sheet::close(),
        "collapse" => collapse(control),
        "theme" => theme::choose(browser, Theme::parse(&value()).unwrap_or_default()),
        "language" => {
            cookies::remember(LOCALE_COOKIE, &value());
            location::reload();
        }
        "dismiss" => {
            if let Some(banner) = control.parent_element() {
                banner.remove();
            }
        }
        _ => {}
    }
}

/// Collapses or expands the side bar, now and for the next visit.
fn collapse(control: &web_sys::Element) {
    let Some(shell) = dom::by_id("shell") else { return };
    let is_collapsed = shell.get_attribute("data-navigation").is_some_and(|state| state == "collapsed");
    let next = if is_collapsed { "open" } else { "collapsed" };
    dom::set(&shell, "data-navigation", Some(next));
    dom::set(control, "aria-pressed", Some(if is_collapsed { "false" } else { "true" }));
    cookies::remember(NAVIGATION_COOKIE, next);
}

/// The element an event began at.
pub(super) fn target(event: &web_sys::Event) -> Option<web_sys::Element> {
    event.target()?.dyn_into().ok()
}
