use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use crate::bridge::Scheme;
use crate::preferences::{THEME_COOKIE, Theme};
use crate::shell::Shell;

/// Shows a theme and remembers it.
pub(crate) fn apply(theme: Theme) {
    if let Some(root) = document().document_element() {
        // Setting a valid attribute name cannot fail.
        let _ = root.set_attribute("data-theme", theme.as_str());
    }
    super::cookies::remember(THEME_COOKIE, theme.as_str());
}

/// The colour scheme in effect.
pub(crate) fn scheme(theme: Theme) -> Scheme {
    match theme {
        Theme::Light => Scheme::Light,
        Theme::Dark => Scheme::Dark,
        Theme::System if system_is_dark().is_some_and(|query| query.matches()) => Scheme::Dark,
        Theme::System => Scheme::Light,
    }
}

/// Tells the remotes when the system changes its mind while the person follows it.
pub(super) fn start(shell: &Shell) {
    let Some(query) = system_is_dark() else { return };
    let shell = shell.clone();
    let changed = Closure::<dyn Fn()>::new(move || {
        let theme = shell.theme.get_untracked();
        if let Some(bridge) = shell.bridge().filter(|_| theme == Theme::System) {
            bridge.theme_changed(scheme(theme));
        }
    });
    query.set_onchange(Some(changed.as_ref().unchecked_ref()));
    // The shell lives as long as its document.
    changed.forget();
    std::mem::forget(query);
}

fn system_is_dark() -> Option<web_sys::MediaQueryList> {
    window().match_media("(prefers-color-scheme: dark)").ok().flatten()
}
