use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;

use super::boot::Browser;
use super::sheet;

/// The shell's own keys: Ctrl-K or Cmd-K for the palette, Escape for the sheet.
pub(super) fn start(browser: &Rc<Browser>) {
    let browser = Rc::clone(browser);
    window_event_listener(ev::keydown, move |event| {
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && (key == "k" || key == "K") {
            event.prevent_default();
            browser.open_palette();
        } else if key == "Escape" {
            sheet::close();
        }
    });
}
