use leptos::ev;
use leptos::prelude::*;

use crate::shell::Shell;

/// The shell's own keys: Ctrl-K or Cmd-K for the palette, Escape for the sheet.
pub(super) fn start(shell: &Shell) {
    let (palette, sheet) = (shell.palette, shell.sheet);
    let has_palette = shell.state.session.is_some();
    window_event_listener(ev::keydown, move |event| {
        let key = event.key();
        if has_palette && (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            palette.update(|open| *open = !*open);
        } else if key == "Escape" && sheet.get_untracked() {
            sheet.set(false);
            super::focus_selector(".menu-button");
        }
    });
}
