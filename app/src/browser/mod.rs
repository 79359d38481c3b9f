//! What the shell does to the browser outside its own markup: address, cookies, focus, keys. Called from effects and
//! event handlers only, never while rendering.

pub(crate) mod cookies;
mod focus;
mod keys;
pub(crate) mod location;
mod menus;
mod network;
pub(crate) mod theme;

use crate::shell::Shell;

pub(crate) use focus::{focus_selector, reveal_selected, show_modal};

/// Takes over from the server-rendered page, once it is hydrated.
pub(crate) fn start(shell: &Shell) {
    location::start(shell);
    theme::start(shell);
    keys::start(shell);
    menus::start();
    network::start(shell);
    focus::reveal_current();
}
