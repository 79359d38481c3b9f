use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;

/// Remembers a preference for a year (RFC 6265). Values are the shell's own words, never input.
pub(super) fn remember(name: &str, value: &str) {
    let secure = window().location().protocol().is_ok_and(|protocol| protocol == "https:");
    let attributes = if secure { "; Secure" } else { "" };
    let cookie = [name, "=", value, "; Path=/; Max-Age=31536000; SameSite=Lax", attributes].concat();
    if let Some(document) = document().dyn_ref::<web_sys::HtmlDocument>() {
        // A browser that blocks cookies forgets the preference; nothing else depends on it.
        let _ = document.set_cookie(&cookie);
    }
}
