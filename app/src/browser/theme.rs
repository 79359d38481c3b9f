use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::boot::Browser;
use super::{cookies, dom};
use crate::bridge::Scheme;
use crate::preferences::{THEME_COOKIE, Theme};

/// Changes the theme here, in the remotes, and for the next visit.
pub(super) fn choose(browser: &Browser, theme: Theme) {
    browser.theme.set(theme);
    if let Some(root) = document().document_element() {
        dom::set(&root, "data-theme", Some(theme.as_str()));
    }
    for choice in dom::find_all("[data-action=theme]") {
        let is_chosen = choice.get_attribute("value").is_some_and(|value| value == theme.as_str());
        dom::set(&choice, "aria-pressed", Some(if is_chosen { "true" } else { "false" }));
    }
    cookies::remember(THEME_COOKIE, theme.as_str());
    tell(browser);
}

/// Tells the remotes when the system changes its mind while the person follows it.
pub(super) fn start(browser: &Rc<Browser>) {
    let Some(query) = system_is_dark() else { return };
    let browser = Rc::clone(browser);
    let changed = Closure::<dyn Fn()>::new(move || {
        if browser.theme.get() == Theme::System {
            tell(&browser);
        }
    });
    query.set_onchange(Some(changed.as_ref().unchecked_ref()));
    // Both live as long as the document.
    changed.forget();
    std::mem::forget(query);
}

fn tell(browser: &Browser) {
    let Some(bridge) = browser.shell.bridge() else { return };
    let is_dark = match browser.theme.get() {
        Theme::Light => false,
        Theme::Dark => true,
        Theme::System => system_is_dark().is_some_and(|query| query.matches()),
    };
    bridge.theme_changed(if is_dark { Scheme::Dark } else { Scheme::Light });
}

fn system_is_dark() -> Option<web_sys::MediaQueryList> {
    window().match_media("(prefers-color-scheme: dark)").ok().flatten()
}
