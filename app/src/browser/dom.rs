use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::JsCast;

/// The element with an id of the frame; none on pages without a frame.
pub(super) fn by_id(id: &str) -> Option<web_sys::Element> {
    document().get_element_by_id(id)
}

/// The first match.
pub(super) fn find(selector: &str) -> Option<web_sys::Element> {
    document().query_selector(selector).ok().flatten()
}

/// Every match, in document order.
pub(super) fn find_all(selector: &str) -> Vec<web_sys::Element> {
    let Ok(found) = document().query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
}

/// Sets an attribute, or removes it.
pub(super) fn set(element: &web_sys::Element, name: &str, value: Option<&str>) {
    // Neither fails for the names used here, which are all valid.
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

/// Shows or hides an element of the frame.
pub(super) fn show(id: &str, is_shown: bool) {
    if let Some(element) = by_id(id) {
        set(&element, "hidden", (!is_shown).then_some(""));
    }
}

/// Has the live region say something.
pub(super) fn announce(words: &str) {
    if let Some(status) = by_id("status") {
        status.set_text_content(Some(words));
    }
}

/// Moves the focus to the first match, after the current changes are on the page.
pub(super) fn focus(selector: &'static str) {
    request_animation_frame(move || {
        if let Some(element) =
            find(selector).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
        {
            // An element that cannot take the focus leaves it where it was.
            let _ = element.focus();
        }
    });
}

/// Scrolls the first match into sight, if it is not.
pub(super) fn reveal(selector: &str) {
    if let Some(element) = find(selector) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}
