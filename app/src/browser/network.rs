use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;

use crate::shell::Shell;

/// Follows the browser's network state and the bridge's stream.
pub(super) fn start(shell: &Shell) {
    let (online, connection, announcement) = (shell.online, shell.connection, shell.announcement);
    let text = shell.text;
    online.set(window().navigator().on_line());
    window_event_listener(ev::online, move |_| {
        online.set(true);
        announcement.set(text.online_again.to_owned());
    });
    window_event_listener(ev::offline, move |_| {
        online.set(false);
        announcement.set(text.offline_banner.to_owned());
    });
    if let Some(bridge) = shell.bridge() {
        bridge.on_connection(Rc::new(move |state| {
            if connection.get_untracked() != state {
                connection.set(state);
            }
        }));
    }
}
