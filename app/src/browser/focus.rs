use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::JsCast;

/// Moves the focus to the first match, after the current changes are on the page.
pub(crate) fn focus_selector(selector: &'static str) {
    request_animation_frame(move || {
        if let Ok(Some(element)) = document().query_selector(selector)
            && let Ok(element) = element.dyn_into::<web_sys::HtmlElement>()
        {
            // An element that cannot take the focus leaves it where it was.
            let _ = element.focus();
        }
    });
}

/// Opens or closes a dialog; the browser keeps the focus inside an open one and gives it back afterwards.
pub(crate) fn show_modal(dialog: &web_sys::HtmlDialogElement, open: bool) {
    if open == dialog.open() {
        return;
    }
    if open {
        // Fails only for a dialog that has just left the document.
        let _ = dialog.show_modal();
    } else {
        dialog.close();
    }
}

/// Scrolls the side bar to the current place; with many entries it may be out of sight.
pub(super) fn reveal_current() {
    reveal(".sidebar [aria-current=page]");
}

/// Scrolls the palette to its selected option, after the current changes are on the page.
pub(crate) fn reveal_selected() {
    request_animation_frame(|| reveal(".palette [aria-selected=true]"));
}

fn reveal(selector: &str) {
    if let Ok(Some(current)) = document().query_selector(selector) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        current.scroll_into_view_with_scroll_into_view_options(&options);
    }
}
